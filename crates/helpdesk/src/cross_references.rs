//! Walks every reference between the data files: what one record names must exist and agree.

use std::collections::HashSet;

use jiff::civil::date;

use crate::{
    data::Records,
    standing::Standing,
    words::{CustomerId, InvoiceStatus, Os, Priority, Tier},
};

fn records() -> Records {
    Records::load().unwrap()
}

fn assert_unique(ids: impl Iterator<Item = String>, count: usize) {
    let ids: Vec<String> = ids.collect();
    assert_eq!(ids.len(), count);
    assert_eq!(ids.iter().collect::<HashSet<_>>().len(), count, "ids repeat: {ids:?}");
}

#[test]
fn the_collections_have_their_sizes_and_unique_ids() {
    let records = records();
    assert_unique(records.tickets.iter().map(|ticket| ticket.ticket_id.to_string()), 15);
    assert_unique(records.customers.iter().map(|customer| customer.customer_id.to_string()), 8);
    assert_unique(records.invoices.iter().map(|invoice| invoice.invoice_id.to_string()), 15);
    assert_unique(records.articles.iter().map(|article| article.article_id.to_string()), 10);
    assert_unique(records.assets.iter().map(|asset| asset.asset_id.to_string()), 12);
    assert_unique(records.assets.iter().map(|asset| asset.serial.clone()), 12);
    assert_unique(records.assets.iter().map(|asset| asset.hostname.clone()), 12);
    for tier in Tier::ALL {
        assert!(records.sla(*tier).is_ok() && records.customers.iter().any(|customer| customer.tier == *tier));
    }
    for os in Os::ALL {
        assert!(records.tickets.iter().any(|ticket| ticket.os == *os));
    }
}

#[test]
fn tickets_refer_to_what_exists() {
    let records = records();
    for ticket in &records.tickets {
        let id = &ticket.ticket_id;
        let asset = records.asset(&ticket.asset_id).unwrap();
        assert_eq!(records.customer(&ticket.customer_id).unwrap().customer_id, asset.customer_id, "{id}");
        assert_eq!(ticket.os, asset.os, "{id}");
        for article in &ticket.kb_articles {
            assert!(records.article(article).unwrap().os.contains(&ticket.os), "{id} {article}");
        }
        assert_eq!(ticket.resolved.is_some(), ticket.resolution.is_some(), "{id}");
        assert_eq!(ticket.resolved.is_some(), ["resolved", "closed"].contains(&ticket.status.word()), "{id}");
        let mut moments = vec![ticket.created];
        moments.extend(ticket.comments.iter().map(|comment| comment.at));
        assert!(moments.is_sorted() && moments.last().is_some_and(|last| *last <= ticket.updated), "{id}");
        assert!(ticket.resolved.is_none_or(|resolved| resolved > ticket.created && resolved <= ticket.updated), "{id}");
        assert!(ticket.day() >= asset.purchased && ticket.day() <= records.rules.as_of, "{id}");
        assert!(!ticket.comments.is_empty() && !ticket.tags.is_empty(), "{id}");
    }
}

#[test]
fn comments_do_not_know_what_comes_after_them() {
    for ticket in &records().tickets {
        for comment in &ticket.comments {
            let Some((_, told)) = comment.text.split_once(" up at ") else { continue };
            let moment = comment.at.to_zoned(jiff::tz::TimeZone::UTC).strftime("%H:%M").to_string();
            assert!(told[..5] <= *moment, "{} at {moment}: {}", ticket.ticket_id, comment.text);
        }
    }
}

#[test]
fn invoices_refer_to_what_exists() {
    let records = records();
    for invoice in &records.invoices {
        let id = &invoice.invoice_id;
        let customer = records.customer(&invoice.customer_id).unwrap();
        assert!(invoice.issued >= customer.customer_since && invoice.issued <= invoice.due, "{id}");
        for ticket in invoice.lines.iter().filter_map(|line| line.ticket_id.as_ref()) {
            let ticket = records.ticket(ticket).unwrap();
            assert_eq!(ticket.customer_id, invoice.customer_id, "{id}");
            assert!(ticket.day() <= invoice.issued, "{id}");
        }
        for payment in &invoice.payments {
            assert!(payment.date >= invoice.issued && payment.date <= records.rules.as_of, "{id}");
        }
    }
    let owed = |id: &str, status| Standing::of(&records, &CustomerId(id.to_owned()), records.rules.as_of).owed(status);
    assert!(!owed("CUST-001", InvoiceStatus::Overdue).is_zero() && !owed("CUST-001", InvoiceStatus::Pending).is_zero());
    assert!(owed("CUST-001", InvoiceStatus::Paid).is_zero());
}

#[test]
fn articles_refer_to_what_exists() {
    let records = records();
    for article in &records.articles {
        assert!(!article.related.is_empty() && !article.related.contains(&article.article_id));
        assert!(article.related.iter().all(|id| records.article(id).is_ok()), "{}", article.article_id);
        assert!(article.steps.len() >= 5 && article.quick_fixes.len() >= 3, "{}", article.article_id);
    }
    let bsod =
        |article: &&crate::data::Article| article.os == [Os::Windows] && article.tags.iter().any(|tag| tag == "bsod");
    assert!(records.articles.iter().filter(bsod).count() >= 2);
}

#[test]
fn assets_refer_to_what_exists() {
    let records = records();
    for asset in &records.assets {
        let id = &asset.asset_id;
        let customer = records.customer(&asset.customer_id).unwrap();
        assert!(asset.purchased >= customer.customer_since && asset.warranty.start >= asset.purchased, "{id}");
        assert!(asset.warranty.end > asset.warranty.start && !asset.licenses.is_empty(), "{id}");
        assert!(asset.history.iter().map(|record| record.date).is_sorted(), "{id}");
        for record in &asset.history {
            assert!(record.date >= asset.purchased && record.date <= records.rules.as_of, "{id}");
            if let Some(ticket) = &record.ticket_id {
                assert_eq!(records.ticket(ticket).unwrap().asset_id, *id, "{ticket}");
            }
        }
    }
}

#[test]
fn the_promised_facts_hold() {
    let records = records();
    assert_eq!(records.rules.as_of, date(2025, 6, 30));
    let critical = records.tickets.iter().filter(|ticket| ticket.priority == Priority::Critical);
    let mut owners: Vec<&str> = critical.map(|ticket| ticket.customer_id.0.as_str()).collect();
    owners.sort_unstable();
    assert_eq!(owners, ["CUST-002", "CUST-007", "CUST-007"]);
    assert_eq!(records.company(&CustomerId("CUST-001".to_owned())), "TechCorp Industries");
    assert!(records.assets.iter().any(|asset| asset.asset_id.0 == "AST-SRV-001"));
    assert!(records.tickets.iter().any(|ticket| ticket.customer_id.0 == "CUST-002"));
    assert!(records.invoices.iter().any(|invoice| invoice.customer_id.0 == "CUST-002"));
    for customer in &records.customers {
        assert!(customer.contract_end > customer.customer_since && !customer.contacts.is_empty());
    }
}
