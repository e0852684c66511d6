//! The knowledge base server: tested procedures, found by symptom, product or neighbourhood.

use jiff::civil::Date;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    data::{Article, Records},
    desk::{Desk, Sign},
    refusal::Refusal,
    search::{Field, Index, rank_name},
    words::{ArticleId, Category, Os, TicketId, whole},
};

const INSTRUCTIONS: &str = "Ten troubleshooting articles for Windows, Linux and macOS. search_solutions finds \
articles by symptom, error text or product; get_article gives the whole procedure with commands; get_common_fixes \
gives only the short remedies; find_related_articles leads on from an article. Ids: KB-001.";

pub(crate) fn desk(records: Records) -> Desk {
    let about = Sign {
        name: "loquat-helpdesk-kb",
        title: "Help desk: knowledge base",
        description: "Troubleshooting articles with step-by-step solutions.",
    };
    Desk::new(about, INSTRUCTIONS, records)
        .offer(
            Sign {
                name: "search_solutions",
                title: "Search solutions",
                description: "Search the knowledge base by keywords: symptoms, stop codes, error texts, products. \
                    Returns summaries, the best match first; read the procedure with get_article.",
            },
            search_solutions,
        )
        .offer(
            Sign {
                name: "get_article",
                title: "Get article",
                description: "Read a knowledge-base article completely: symptoms, cause, numbered steps with \
                    commands, quick fixes and how to verify.",
            },
            get_article,
        )
        .offer(
            Sign {
                name: "find_related_articles",
                title: "Find related articles",
                description: "Find articles to read next: first those its authors linked, then those with like \
                    content.",
            },
            find_related_articles,
        )
        .offer(
            Sign {
                name: "get_common_fixes",
                title: "Get common fixes",
                description: "Short remedies to try first for a product and/or an issue, with the articles and the \
                    solved tickets behind them. Give product, issue or both.",
            },
            get_common_fixes,
        )
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct SearchSolutions {
    /// Keywords, for example "blue screen windows" or "no space left on device".
    query: String,
    /// Only articles about this operating system.
    os: Option<Os>,
    /// Only articles about this kind of problem.
    category: Option<Category>,
    /// How many articles to return at most.
    #[serde(default, deserialize_with = "whole")]
    #[schemars(range(min = 1, max = 10), extend("default" = 5))]
    limit: Option<usize>,
}

#[derive(Serialize, JsonSchema)]
struct FoundArticles {
    /// The best match first.
    articles: Vec<ArticleLine>,
    /// How many articles match, whether or not they are all listed here.
    total: usize,
}

#[derive(Serialize, JsonSchema)]
struct ArticleLine {
    article_id: ArticleId,
    title: String,
    summary: String,
    category: Category,
    os: Vec<Os>,
    products: Vec<String>,
    tags: Vec<String>,
    minutes: u32,
    updated: Date,
    /// How well it fits the query; comparable only within one answer.
    score: f64,
}

fn search_solutions(records: &Records, asked: SearchSolutions) -> Result<FoundArticles, Refusal> {
    let hits = index(&records.articles).search(&asked.query);
    let found = hits.iter().map(|hit| (&records.articles[hit.at], hit.score));
    let admitted = found.filter(|(article, _)| {
        asked.os.is_none_or(|os| article.os.contains(&os))
            && asked.category.is_none_or(|category| article.category == category)
    });
    let mut articles: Vec<ArticleLine> = admitted.map(|(article, score)| line(article, score)).collect();
    let total = articles.len();
    articles.truncate(asked.limit.unwrap_or(5).clamp(1, 10));
    Ok(FoundArticles { articles, total })
}

fn line(article: &Article, score: f64) -> ArticleLine {
    ArticleLine {
        article_id: article.article_id.clone(),
        title: article.title.clone(),
        summary: article.summary.clone(),
        category: article.category,
        os: article.os.clone(),
        products: article.products.clone(),
        tags: article.tags.clone(),
        minutes: article.minutes,
        updated: article.updated,
        score: round(score),
    }
}

fn round(score: f64) -> f64 {
    (score * 100.0).round() / 100.0
}

fn index(articles: &[Article]) -> Index {
    Index::new(articles.iter().map(|article| {
        let mut fields = vec![
            Field(3.0, article.title.as_str()),
            Field(1.5, &article.summary),
            Field(1.0, &article.cause),
            Field(1.0, article.category.word()),
        ];
        fields.extend(article.tags.iter().map(|tag| Field(2.5, tag)));
        fields.extend(article.os.iter().map(|os| Field(2.0, os.word())));
        fields.extend(article.products.iter().map(|product| Field(1.5, product)));
        fields.extend(article.symptoms.iter().map(|symptom| Field(1.5, symptom)));
        fields.extend(article.quick_fixes.iter().map(|fix| Field(0.5, fix)));
        fields.extend(article.steps.iter().flat_map(|step| [Field(0.6, &step.title), Field(0.3, &step.detail)]));
        fields
    }))
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct GetArticle {
    /// The article to read.
    article_id: ArticleId,
}

#[derive(Serialize, JsonSchema)]
struct WholeArticle {
    article: Article,
    /// Tickets that were worked on with this article.
    used_in_tickets: Vec<TicketId>,
}

fn get_article(records: &Records, asked: GetArticle) -> Result<WholeArticle, Refusal> {
    let article = records.article(&asked.article_id)?;
    let users = records.tickets.iter().filter(|ticket| ticket.kb_articles.contains(&article.article_id));
    Ok(WholeArticle {
        used_in_tickets: users.map(|ticket| ticket.ticket_id.clone()).collect(),
        article: article.clone(),
    })
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct FindRelatedArticles {
    /// The article to start from.
    article_id: ArticleId,
    /// How many articles to return at most.
    #[serde(default, deserialize_with = "whole")]
    #[schemars(range(min = 1, max = 9), extend("default" = 5))]
    limit: Option<usize>,
}

#[derive(Serialize, JsonSchema)]
struct RelatedArticles {
    article_id: ArticleId,
    related: Vec<RelatedArticle>,
    total: usize,
}

#[derive(Serialize, JsonSchema)]
struct RelatedArticle {
    relation: Relation,
    article: ArticleLine,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
enum Relation {
    Linked,
    Similar,
}

fn find_related_articles(records: &Records, asked: FindRelatedArticles) -> Result<RelatedArticles, Refusal> {
    let subject = records.article(&asked.article_id)?;
    let query = format!("{} {} {}", subject.title, subject.tags.join(" "), subject.symptoms.join(" "));
    let own = records.articles.iter().position(|article| article.article_id == subject.article_id).unwrap_or_default();
    let hits = index(&records.articles).neighbours(own, &query);
    let score = |article: &Article| {
        let of_article = hits.iter().find(|hit| records.articles[hit.at].article_id == article.article_id);
        of_article.map_or(0.0, |hit| hit.score)
    };
    let mut related = Vec::new();
    for id in &subject.related {
        let article = records.article(id)?;
        related.push(RelatedArticle { relation: Relation::Linked, article: line(article, score(article)) });
    }
    for hit in &hits {
        let article = &records.articles[hit.at];
        if !subject.related.contains(&article.article_id) {
            related.push(RelatedArticle { relation: Relation::Similar, article: line(article, hit.score) });
        }
    }
    let total = related.len();
    related.truncate(asked.limit.unwrap_or(5).clamp(1, 9));
    Ok(RelatedArticles { article_id: subject.article_id.clone(), related, total })
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct GetCommonFixes {
    /// Product or operating system, for example "Windows 11", "Docker" or "Outlook".
    product: Option<String>,
    /// What is wrong, for example "disk full".
    issue: Option<String>,
    /// How many articles' fixes to return at most.
    #[serde(default, deserialize_with = "whole")]
    #[schemars(range(min = 1, max = 10), extend("default" = 3))]
    limit: Option<usize>,
}

#[derive(Serialize, JsonSchema)]
struct CommonFixes {
    /// The best match first.
    fixes: Vec<CommonFix>,
    total: usize,
    /// The products the knowledge base covers; only when nothing was found.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    known_products: Vec<String>,
}

#[derive(Serialize, JsonSchema)]
struct CommonFix {
    article_id: ArticleId,
    title: String,
    /// What to try, easiest first.
    quick_fixes: Vec<String>,
    /// How to tell that it worked.
    verify: String,
    /// Tickets solved with this article.
    solved_tickets: Vec<TicketId>,
}

fn get_common_fixes(records: &Records, asked: GetCommonFixes) -> Result<CommonFixes, Refusal> {
    if asked.product.is_none() && asked.issue.is_none() {
        return Err(Refusal::NothingAsked { wanted: "product, issue" });
    }
    let mut articles: Vec<&Article> = match &asked.issue {
        Some(issue) => index(&records.articles).search(issue).iter().map(|hit| &records.articles[hit.at]).collect(),
        None => records.articles.iter().collect(),
    };
    if let Some(product) = &asked.product {
        articles.retain(|article| covers(article, product));
    }
    let mut fixes: Vec<CommonFix> = articles.into_iter().map(|article| fix(records, article)).collect();
    let known_products = if fixes.is_empty() { products(records) } else { Vec::new() };
    if asked.issue.is_none() {
        fixes.sort_by_key(|fix| std::cmp::Reverse(fix.solved_tickets.len()));
    }
    let total = fixes.len();
    fixes.truncate(asked.limit.unwrap_or(3).clamp(1, 10));
    Ok(CommonFixes { fixes, total, known_products })
}

fn covers(article: &Article, product: &str) -> bool {
    let systems = article.os.iter().map(|os| os.word());
    let names = article.products.iter().chain(&article.tags).map(String::as_str).chain(systems);
    names.map(|name| rank_name(product, name)).any(|rank| rank > 0.0)
}

fn fix(records: &Records, article: &Article) -> CommonFix {
    let solved = records.tickets.iter().filter(|ticket| ticket.resolved.is_some());
    let with_it = solved.filter(|ticket| ticket.kb_articles.contains(&article.article_id));
    CommonFix {
        article_id: article.article_id.clone(),
        title: article.title.clone(),
        quick_fixes: article.quick_fixes.clone(),
        verify: article.verify.clone(),
        solved_tickets: with_it.map(|ticket| ticket.ticket_id.clone()).collect(),
    }
}

fn products(records: &Records) -> Vec<String> {
    let mut products: Vec<String> = records.articles.iter().flat_map(|article| article.products.clone()).collect();
    products.sort();
    products.dedup();
    products
}
