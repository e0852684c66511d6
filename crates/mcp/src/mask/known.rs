//! The secrets that this process knows of now, so that none of them is ever written into a log.

use std::{
    borrow::Cow,
    sync::{Arc, Mutex, PoisonError, Weak},
};

use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use zeroize::Zeroizing;

/// What is shorter would be found in innocent words.
const SHORTEST: usize = 6;

/// Only looked at, never kept alive: a secret is wiped when its last owner is gone.
static KNOWN: Mutex<Vec<Weak<Zeroizing<String>>>> = Mutex::new(vec![]);

pub(crate) fn remember(secret: &Arc<Zeroizing<String>>) {
    if secret.trim().len() < SHORTEST {
        return;
    }
    let mut known = KNOWN.lock().unwrap_or_else(PoisonError::into_inner);
    known.retain(|secret| secret.strong_count() > 0);
    known.push(Arc::downgrade(secret));
}

/// The text without any of them, also where they are escaped as JSON and addresses do.
pub(super) fn without_known(text: Cow<'_, str>) -> Cow<'_, str> {
    let known: Vec<Arc<Zeroizing<String>>> = {
        let known = KNOWN.lock().unwrap_or_else(PoisonError::into_inner);
        known.iter().filter_map(Weak::upgrade).collect()
    };
    let mut text = text;
    for secret in known {
        let plain = secret.trim();
        text = without(text, plain);
        if plain.contains(['"', '\\', '\n', '\t']) {
            // JSON stands within JSON: what a model says of a call is such a text.
            let once = quoted(plain);
            text = without(without(text, &quoted(&once)), &once);
        }
        if !plain.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
            let escaped = Zeroizing::new(utf8_percent_encode(plain, NON_ALPHANUMERIC).to_string());
            text = without(text, &escaped);
        }
    }
    text
}

/// As it stands between the quotation marks of a JSON text.
fn quoted(text: &str) -> Zeroizing<String> {
    let quoted = Zeroizing::new(serde_json::Value::from(text).to_string());
    let inner = quoted.strip_prefix('"').and_then(|rest| rest.strip_suffix('"'));
    Zeroizing::new(inner.unwrap_or(&quoted).to_owned())
}

fn without<'a>(text: Cow<'a, str>, secret: &str) -> Cow<'a, str> {
    if text.contains(secret) { Cow::Owned(text.replace(secret, super::MASK)) } else { text }
}
