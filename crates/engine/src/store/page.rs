//! Reading a part of a conversation: however long it is, only that part is opened.

use chat::{ConversationId, Link, Page, PageFrom, Turn, TurnId};
use futures::TryStreamExt;
use sqlx::Row;
use sqlx::sqlite::SqliteRow;

use super::read::{link, parse, unreadable};
use super::{Store, StoreError};

/// A page ends where it has this many items; the first that is shown of a conversation, at its end, has what fills a
/// window, so that it is there at once,
const ITEMS: usize = 40;
const ITEMS_AT_END: usize = 16;
/// or this many turns,
const MOST_TURNS: usize = 40;
/// but never with fewer turns than this.
const FEWEST_TURNS: usize = 2;

impl Store {
    /// These turns of a conversation, as far as they are on disk; see [`Store::flush`].
    pub(crate) async fn page(&self, id: &ConversationId, from: &PageFrom) -> Result<Page, StoreError> {
        let path = self.path(id).await?;
        let place = |turn: &TurnId| path.iter().position(|known| known == turn).ok_or(StoreError::NoSuchTurn);
        let (first, turns) = match from {
            PageFrom::End => self.up_to(&path, path.len(), ITEMS_AT_END).await?,
            PageFrom::Before(turn) => self.up_to(&path, place(turn)?, ITEMS).await?,
            PageFrom::After(turn) => (place(turn)? + 1, self.onward(&path[place(turn)? + 1..]).await?),
            PageFrom::Around(turn) => {
                let (first, mut before) = self.up_to(&path, place(turn)?, ITEMS).await?;
                before.extend(self.onward(&path[place(turn)?..]).await?);
                (first, before)
            }
        };
        let later = path.len() - (first + turns.len()).min(path.len());
        Ok(Page { turns, earlier: first, later })
    }

    /// One turn, whole.
    pub(crate) async fn turn(&self, id: &TurnId) -> Result<Turn, StoreError> {
        let turns = self.onward(std::slice::from_ref(id)).await?;
        turns.into_iter().next().ok_or(StoreError::NoSuchTurn)
    }

    /// The last turns before a place, and where they begin.
    async fn up_to(&self, path: &[TurnId], end: usize, items: usize) -> Result<(usize, Vec<Turn>), StoreError> {
        let candidates = &path[end.saturating_sub(MOST_TURNS)..end];
        let mut turns = self.read_some(candidates, "DESC", items).await?;
        turns.reverse();
        Ok((end - turns.len(), turns))
    }

    /// The first of these turns.
    async fn onward(&self, path: &[TurnId]) -> Result<Vec<Turn>, StoreError> {
        self.read_some(&path[..path.len().min(MOST_TURNS)], "ASC", ITEMS).await
    }

    /// Reads one turn after the other until there is enough.
    async fn read_some(&self, ids: &[TurnId], order: &str, enough: usize) -> Result<Vec<Turn>, StoreError> {
        let ids: Vec<&str> = ids.iter().map(TurnId::as_str).collect();
        let ids = serde_json::to_string(&ids).map_err(|error| StoreError::Read { cause: error.to_string() })?;
        let query = match order {
            "DESC" => "SELECT * FROM turns WHERE id IN (SELECT value FROM json_each(?)) ORDER BY seq DESC",
            _ => "SELECT * FROM turns WHERE id IN (SELECT value FROM json_each(?)) ORDER BY seq ASC",
        };
        let mut rows = sqlx::query(query).bind(ids).fetch(&self.pool);
        let (mut turns, mut items) = (vec![], 0);
        while let Some(row) = rows.try_next().await.map_err(unreadable)? {
            let turn = self.turn_of(&row).await?;
            items += turn.items.len();
            turns.push(turn);
            if items >= enough && turns.len() >= FEWEST_TURNS {
                break;
            }
        }
        Ok(turns)
    }

    /// A turn as its row tells of it.
    pub(super) async fn turn_of(&self, row: &SqliteRow) -> Result<Turn, StoreError> {
        let turn = match row.get::<Option<&str>, _>("ended") {
            Some(ended) => parse(ended)?,
            None => self.replay(parse(row.get("begun"))?).await?,
        };
        let Link { parent, again, .. } = link(row);
        Ok(Turn { parent, again, ..turn })
    }

    /// The turns of the branch that is looked at in order, by their ids.
    async fn path(&self, id: &ConversationId) -> Result<Vec<TurnId>, StoreError> {
        Ok(self.branches(id).await?.path().into_iter().map(|link| link.turn.clone()).collect())
    }
}

#[cfg(test)]
mod tests {
    use chat::{ConversationSummary, Item, Message, ModelRef, Role, TurnEvent, TurnStatus};

    use super::super::TitledBy;
    use super::*;

    fn said(id: String) -> Item {
        let (role, text) = (Role::User, "said".to_owned());
        Item::Message(Message {
            id: id.as_str().into(),
            role,
            round: 0,
            text,
            reasoning: String::new(),
            attachments: vec![],
            at: 1,
            spoke_at: None,
        })
    }

    /// A conversation of so many ended turns of two items each.
    async fn conversation(dir: &tempfile::TempDir, turns: usize) -> (Store, ConversationId) {
        let store = Store::open(&dir.path().join("loquat.db"), &dir.path().join("run")).await.unwrap();
        let id = ConversationId::from("c");
        let (title, created_at, updated_at, running, pinned) = (String::new(), 0, 0, false, false);
        let summary = ConversationSummary { id: id.clone(), title, created_at, updated_at, running, pinned };
        store.add_conversation(&summary, TitledBy::Rule);
        let model = ModelRef { provider: "p".into(), model: "m".into() };
        for number in 0..turns {
            let turn_id = TurnId(format!("t{number}"));
            let mut turn = Turn::new(turn_id, model.clone(), said(format!("q{number}")), 1);
            turn.parent = (number > 0).then(|| TurnId(format!("t{}", number - 1)));
            store.begin(&id, &turn);
            turn.apply(&TurnEvent::Item { item: said(format!("a{number}")) });
            turn.apply(&TurnEvent::Ended { status: TurnStatus::Completed, at: 2 });
            store.end(&turn);
        }
        store.flush().await.unwrap();
        (store, id)
    }

    async fn check(store: &Store, id: &ConversationId, from: PageFrom, expected: &str) {
        let page = store.page(id, &from).await.unwrap();
        let turn = |turn: Option<&Turn>| turn.map_or("-".to_owned(), |turn| turn.id.to_string());
        let found = format!("{} {}…{} {}", page.earlier, turn(page.turns.first()), turn(page.turns.last()), page.later);
        assert_eq!(found, expected, "{from:?}");
        assert!(page.turns.iter().all(|turn| turn.items.len() == 2));
    }

    #[tokio::test]
    async fn a_part_is_read_from_either_end_and_around() {
        let dir = tempfile::tempdir().unwrap();
        let (store, id) = conversation(&dir, 100).await;
        let turn = |number: u32| TurnId(format!("t{number}"));
        check(&store, &id, PageFrom::End, "92 t92…t99 0").await;
        check(&store, &id, PageFrom::Before(turn(80)), "60 t60…t79 20").await;
        check(&store, &id, PageFrom::Before(turn(5)), "0 t0…t4 95").await;
        check(&store, &id, PageFrom::Before(turn(0)), "0 -…- 100").await;
        check(&store, &id, PageFrom::After(turn(5)), "6 t6…t25 74").await;
        check(&store, &id, PageFrom::After(turn(99)), "100 -…- 0").await;
        check(&store, &id, PageFrom::Around(turn(50)), "30 t30…t69 30").await;
        assert_eq!(store.turn(&turn(7)).await.unwrap().id, turn(7));
        assert!(store.page(&id, &PageFrom::Before(turn(999))).await.is_err());
    }
}
