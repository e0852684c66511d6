//! The asset server: machines, their warranties, licences and what happened to them.

use jiff::{ToSpan, civil::Date};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    data::{Asset, AssetRecord, License, Records, Warranty},
    desk::{Desk, Sign},
    refusal::{Refusal, check_range},
    search::rank_name,
    words::{AssetEvent, AssetId, AssetKind, AssetStatus, CustomerId, Os, Validity},
};

const INSTRUCTIONS: &str = "Twelve servers, workstations and laptops of the customers. lookup_asset finds one by \
id, serial, hostname or customer; check_warranty and get_software_licenses judge what is running out; \
get_asset_history tells what happened to a machine, tickets included. Ids: AST-SRV-001, AST-WKS-001, AST-LAP-001. \
All data is fixed; \"today\" is 2025-06-30 unless as_of says otherwise.";

pub(crate) fn desk(records: Records) -> Desk {
    let about = Sign {
        name: "loquat-helpdesk-asset",
        title: "Help desk: assets",
        description: "Machines, warranties, software licences and asset history.",
    };
    Desk::new(about, INSTRUCTIONS, records)
        .offer(
            Sign {
                name: "lookup_asset",
                title: "Look up asset",
                description: "Find machines by asset id, serial number, hostname (a part is enough) or customer, or \
                    list those of a kind, operating system or status. Give at least one; all given must hold.",
            },
            lookup_asset,
        )
        .offer(
            Sign {
                name: "check_warranty",
                title: "Check warranty",
                description: "Tell whether a machine's warranty is active, expiring soon (within 90 days) or \
                    expired, until when it runs and what it covers. Give asset_id for one machine, customer_id for \
                    all of a customer, or status for all machines that stand so.",
            },
            check_warranty,
        )
        .offer(
            Sign {
                name: "get_software_licenses",
                title: "Get software licenses",
                description: "List the software licences of a machine, of all machines of a customer, or all that \
                    stand so (expired, expiring soon), with seats and expiry. Give asset_id, customer_id or status.",
            },
            get_software_licenses,
        )
        .offer(
            Sign {
                name: "get_asset_history",
                title: "Get asset history",
                description: "Everything that happened to a machine, oldest first: purchase, deployment, \
                    maintenance, repairs, incidents, and its tickets.",
            },
            get_asset_history,
        )
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct LookupAsset {
    /// The asset's id.
    asset_id: Option<AssetId>,
    /// The manufacturer's serial number; case does not matter.
    serial: Option<String>,
    /// The hostname or a part of it.
    hostname: Option<String>,
    /// The customer who owns the machine.
    customer_id: Option<CustomerId>,
    /// Only machines of this kind.
    kind: Option<AssetKind>,
    /// Only machines with this operating system.
    os: Option<Os>,
    /// Only machines in this state.
    status: Option<AssetStatus>,
}

#[derive(Serialize, JsonSchema)]
struct FoundAssets {
    assets: Vec<AssetSheet>,
    total: usize,
}

#[derive(Serialize, JsonSchema)]
struct AssetSheet {
    asset_id: AssetId,
    kind: AssetKind,
    customer_id: CustomerId,
    customer: String,
    hostname: String,
    manufacturer: String,
    model: String,
    serial: String,
    os: Os,
    os_version: String,
    hardware: String,
    location: String,
    purpose: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    assigned_user: Option<String>,
    status: AssetStatus,
    purchased: Date,
    /// The last day of the warranty.
    warranty_end: Date,
}

fn lookup_asset(records: &Records, asked: LookupAsset) -> Result<FoundAssets, Refusal> {
    if let Some(id) = &asked.asset_id {
        records.asset(id)?;
    }
    if let Some(id) = &asked.customer_id {
        records.customer(id)?;
    }
    let found: Vec<AssetSheet> =
        records.assets.iter().filter(|asset| asked.admits(asset)).map(|asset| sheet(records, asset)).collect();
    let filters = [asked.kind.is_some(), asked.os.is_some(), asked.status.is_some()];
    let is_narrowed = filters.contains(&true);
    let named = [asked.asset_id.map(|id| id.0), asked.serial, asked.hostname, asked.customer_id.map(|id| id.0)];
    let named: Vec<String> = named.into_iter().flatten().collect();
    match (named.is_empty(), is_narrowed, found.is_empty()) {
        (true, false, _) => {
            Err(Refusal::NothingAsked { wanted: "asset_id, serial, hostname, customer_id, kind, os, status" })
        }
        (false, false, true) => {
            let known = records.assets.iter().map(|asset| format!("{} ({})", asset.hostname, asset.asset_id));
            Err(Refusal::unknown("asset", named.join(" with "), known, "Try lookup_asset with one of these hostnames."))
        }
        (_, _, _) => Ok(FoundAssets { total: found.len(), assets: found }),
    }
}

impl LookupAsset {
    fn admits(&self, asset: &Asset) -> bool {
        self.asset_id.as_ref().is_none_or(|id| asset.asset_id == *id)
            && self.customer_id.as_ref().is_none_or(|id| asset.customer_id == *id)
            && self.serial.as_ref().is_none_or(|serial| asset.serial.eq_ignore_ascii_case(serial.trim()))
            && self.hostname.as_ref().is_none_or(|name| rank_name(name, &asset.hostname) > 0.5)
            && self.kind.is_none_or(|kind| asset.kind == kind)
            && self.os.is_none_or(|os| asset.os == os)
            && self.status.is_none_or(|status| asset.status == status)
    }
}

fn sheet(records: &Records, asset: &Asset) -> AssetSheet {
    AssetSheet {
        asset_id: asset.asset_id.clone(),
        kind: asset.kind,
        customer_id: asset.customer_id.clone(),
        customer: records.company(&asset.customer_id),
        hostname: asset.hostname.clone(),
        manufacturer: asset.manufacturer.clone(),
        model: asset.model.clone(),
        serial: asset.serial.clone(),
        os: asset.os,
        os_version: asset.os_version.clone(),
        hardware: asset.hardware.clone(),
        location: asset.location.clone(),
        purpose: asset.purpose.clone(),
        assigned_user: asset.assigned_user.clone(),
        status: asset.status,
        purchased: asset.purchased,
        warranty_end: asset.warranty.end,
    }
}

/// One machine, all of a customer, or all that stand so: the question two tools share.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Fleet {
    /// The machine to check.
    asset_id: Option<AssetId>,
    /// The customer all of whose machines are to be checked.
    customer_id: Option<CustomerId>,
    /// Only what stands so on that day; alone, over all machines.
    status: Option<Validity>,
    /// The day to judge by; 2025-06-30 when absent.
    as_of: Option<Date>,
}

impl Fleet {
    fn machines<'a>(&self, records: &'a Records) -> Result<Vec<&'a Asset>, Refusal> {
        match (&self.asset_id, &self.customer_id) {
            (Some(id), None) => Ok(vec![records.asset(id)?]),
            (Some(id), Some(customer)) => {
                let asset = records.asset(id)?;
                if asset.customer_id != *customer {
                    let other = format!("{id}, which belongs to {}", asset.customer_id);
                    return Err(Refusal::Contradiction { asked: customer.to_string(), other });
                }
                Ok(vec![asset])
            }
            (None, Some(customer)) => {
                let owner = &records.customer(customer)?.customer_id;
                Ok(records.assets.iter().filter(|asset| asset.customer_id == *owner).collect())
            }
            (None, None) if self.status.is_some() => Ok(records.assets.iter().collect()),
            (None, None) => Err(Refusal::NothingAsked { wanted: "asset_id, customer_id, status" }),
        }
    }

    fn admits(&self, status: Validity) -> bool {
        self.status.is_none_or(|wanted| status == wanted)
    }
}

#[derive(Serialize, JsonSchema)]
struct Warranties {
    as_of: Date,
    warranties: Vec<WarrantyStatus>,
    total: usize,
}

#[derive(Serialize, JsonSchema)]
struct WarrantyStatus {
    asset_id: AssetId,
    hostname: String,
    model: String,
    status: Validity,
    /// Days until the last day covered; negative when expired.
    days_remaining: i32,
    warranty: Warranty,
}

fn check_warranty(records: &Records, asked: Fleet) -> Result<Warranties, Refusal> {
    let as_of = records.as_of(asked.as_of);
    let status = |asset: &Asset| WarrantyStatus {
        asset_id: asset.asset_id.clone(),
        hostname: asset.hostname.clone(),
        model: format!("{} {}", asset.manufacturer, asset.model),
        status: if as_of < asset.warranty.start { Validity::NotStarted } else { validity(asset.warranty.end, as_of) },
        days_remaining: days(as_of, asset.warranty.end),
        warranty: asset.warranty.clone(),
    };
    let all = asked.machines(records)?.into_iter().map(status);
    let warranties: Vec<WarrantyStatus> = all.filter(|warranty| asked.admits(warranty.status)).collect();
    Ok(Warranties { as_of, total: warranties.len(), warranties })
}

fn validity(end: Date, as_of: Date) -> Validity {
    match () {
        () if as_of > end => Validity::Expired,
        () if as_of.saturating_add(90.days()) >= end => Validity::ExpiringSoon,
        () => Validity::Active,
    }
}

fn days(from: Date, to: Date) -> i32 {
    (to.duration_since(from).as_hours() / 24) as i32
}

#[derive(Serialize, JsonSchema)]
struct Licenses {
    as_of: Date,
    licenses: Vec<LicenseStatus>,
    total: usize,
}

#[derive(Serialize, JsonSchema)]
struct LicenseStatus {
    asset_id: AssetId,
    hostname: String,
    status: Validity,
    /// Days until the last day covered; negative when expired, absent when it does not expire.
    #[serde(skip_serializing_if = "Option::is_none")]
    days_remaining: Option<i32>,
    license: License,
}

fn get_software_licenses(records: &Records, asked: Fleet) -> Result<Licenses, Refusal> {
    let as_of = records.as_of(asked.as_of);
    let mut licenses = Vec::new();
    for asset in asked.machines(records)? {
        licenses.extend(asset.licenses.iter().map(|license| LicenseStatus {
            asset_id: asset.asset_id.clone(),
            hostname: asset.hostname.clone(),
            status: license.expires.map_or(Validity::Unlimited, |end| validity(end, as_of)),
            days_remaining: license.expires.map(|end| days(as_of, end)),
            license: license.clone(),
        }));
    }
    licenses.retain(|license: &LicenseStatus| asked.admits(license.status));
    Ok(Licenses { as_of, total: licenses.len(), licenses })
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct GetAssetHistory {
    /// The asset's id.
    asset_id: AssetId,
    /// The first day of interest; from the beginning when absent.
    start_date: Option<Date>,
    /// The last day of interest; 2025-06-30 when absent.
    end_date: Option<Date>,
}

#[derive(Serialize, JsonSchema)]
struct AssetHistory {
    asset_id: AssetId,
    hostname: String,
    end_date: Date,
    /// Oldest first.
    events: Vec<AssetRecord>,
    total: usize,
}

fn get_asset_history(records: &Records, asked: GetAssetHistory) -> Result<AssetHistory, Refusal> {
    let asset = records.asset(&asked.asset_id)?;
    let end = records.as_of(asked.end_date);
    check_range(asked.start_date, Some(end))?;
    let mut events = asset.history.clone();
    events.push(AssetRecord {
        date: asset.purchased,
        event: AssetEvent::Purchased,
        description: format!("{} {}, serial {}.", asset.manufacturer, asset.model, asset.serial),
        performed_by: records.company(&asset.customer_id),
        ticket_id: None,
    });
    for ticket in records.tickets.iter().filter(|ticket| ticket.asset_id == asset.asset_id) {
        let record = |date, event, description: &str| AssetRecord {
            date,
            event,
            description: description.to_owned(),
            performed_by: ticket.assigned_to.clone(),
            ticket_id: Some(ticket.ticket_id.clone()),
        };
        events.push(record(ticket.day(), AssetEvent::TicketOpened, &ticket.title));
        if let (Some(day), Some(resolution)) = (ticket.resolved_day(), &ticket.resolution) {
            events.push(record(day, AssetEvent::TicketResolved, resolution));
        }
    }
    events.retain(|event| event.date <= end && asked.start_date.is_none_or(|start| event.date >= start));
    events.sort_by_key(|event| (event.date, event.event == AssetEvent::TicketResolved));
    Ok(AssetHistory {
        asset_id: asset.asset_id.clone(),
        hostname: asset.hostname.clone(),
        end_date: end,
        total: events.len(),
        events,
    })
}
