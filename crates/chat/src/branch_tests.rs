use super::*;

/// `a`, `b<a` (b follows a), `c<a=b` (c follows a and answers b's question once more).
fn branches(links: &str, chosen: &str) -> Branches {
    let link = |word: &str| {
        let (place, again) = word.split_once('=').map_or((word, None), |(place, again)| (place, Some(again)));
        let (turn, parent) = place.split_once('<').map_or((place, None), |(turn, parent)| (turn, Some(parent)));
        Link { turn: turn.into(), parent: parent.map(TurnId::from), again: again.map(TurnId::from) }
    };
    let chosen = chosen.split_whitespace().map(TurnId::from).collect();
    Branches::new(links.split_whitespace().map(link).collect(), chosen)
}

fn names<'a>(links: impl IntoIterator<Item = &'a Link>) -> String {
    links.into_iter().map(|link| link.turn.as_str()).collect::<Vec<_>>().join(" ")
}

#[test]
fn the_path_ends_where_was_looked_last() {
    for (links, chosen, path) in [
        ("", "", ""),
        ("a b<a c<b", "", "a b c"),
        ("a b<a c<b", "c", "a b c"),
        ("a b<a c<a", "", "a c"),
        ("a b<a c<a", "b c b", "a b"),
        ("a b<a c<b d<a=b e<d", "c e c", "a b c"),
        ("a b<a x", "b x", "x"),
        ("a b<a", "gone", "a b"),
    ] {
        assert_eq!(names(branches(links, chosen).path()), path, "{links} | {chosen}");
    }
}

#[test]
fn versions_are_those_of_the_places_on_the_path() {
    for (links, chosen, versions) in [
        ("a b<a c<b", "c", ""),
        ("a b<a c<a", "c", "b c"),
        ("a x b<a c<a y<x z<x", "c", "a x b c"),
        ("a x b<a c<a y<x z<x", "y", "a x y z"),
    ] {
        assert_eq!(names(&branches(links, chosen).versions()), versions, "{links} | {chosen}");
    }
}

#[test]
fn choosing_leads_to_what_was_looked_at_there_last() {
    use VersionOf::{Answer, Question};
    for (links, chosen, turn, of, end) in [
        ("a b<a c<b d<a", "c d", "b", Answer, "c"),
        ("a b<a c<b d<b e<a", "c d c e", "b", Answer, "c"),
        // Nobody ever chose: the newest.
        ("a b<a c<b d<b e<a", "", "b", Answer, "d"),
        // b and c answer one question, d is another one.
        ("a b<a c<a=b d<a", "b c d", "b", Question, "c"),
        ("a b<a c<a=b d<a", "b c d", "b", Answer, "b"),
        ("a b<a c<a=b d<a", "c b d", "c", Question, "b"),
        ("a b<a c<a=b d<a e<c", "c e b d", "c", Answer, "e"),
    ] {
        let found = branches(links, chosen).end_of(&turn.into(), of).cloned();
        assert_eq!(found, Some(end.into()), "{links} | {chosen} | {turn} {of:?}");
    }
    assert_eq!(branches("a", "").end_of(&"b".into(), Answer), None);
}

#[test]
fn what_was_said_before_a_turn_is_its_branch_alone() {
    let tree = branches("a b<a c<b d<a e<d", "e");
    assert_eq!(tree.before(&"c".into()).map(names).as_deref(), Some("a b"));
    assert_eq!(tree.before(&"a".into()).map(names).as_deref(), Some(""));
    assert_eq!(tree.before(&"z".into()).map(names), None);
    let link = tree.link(&"d".into()).unwrap();
    assert_eq!(names(tree.beside(link)), "b d");
}

#[test]
fn a_damaged_journal_ends_somewhere() {
    for links in ["a<a", "a<b b<a", "b<gone c<b", "a<c b<a c<b"] {
        let tree = branches(links, "");
        assert!(tree.path().len() <= 3, "{links}");
        for link in tree.links() {
            assert!(tree.end_of(&link.turn, VersionOf::Answer).is_some(), "{links}");
        }
    }
}

/// Whatever is grown, the path begins at a beginning, follows parents, and choosing any version shows it.
#[test]
fn any_tree_holds_together() {
    let mut seed = 7_u64;
    let mut random = |below: usize| {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(seed >> 33).unwrap() % below
    };
    for _ in 0..200 {
        let size = 1 + random(24);
        let mut links: Vec<Link> = vec![];
        for nth in 0..size {
            let parent = if nth == 0 || random(6) == 0 { None } else { Some(links[random(nth)].turn.clone()) };
            let again = links.iter().find(|link| link.parent == parent && random(2) == 0);
            let again = again.map(|link| link.question().clone());
            links.push(Link { turn: TurnId(format!("t{nth}")), parent, again });
        }
        let chosen: Vec<TurnId> = (0..random(5)).map(|_| links[random(size)].turn.clone()).collect();
        let tree = Branches::new(links.clone(), chosen.clone());
        for link in &links {
            let end = tree.end_of(&link.turn, VersionOf::Answer).unwrap().clone();
            let mut visits = chosen.clone();
            visits.push(end);
            let after = Branches::new(links.clone(), visits);
            let path = after.path();
            assert!(path.iter().any(|it| it.turn == link.turn));
            assert!(path[0].parent.is_none());
            assert!(path.windows(2).all(|pair| pair[1].parent.as_ref() == Some(&pair[0].turn)));
        }
    }
}
