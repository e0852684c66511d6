//! A sign-in form, filled in for a person who has written the answers down (`auth.post_body`).
//!
//! The form goes to the authorization endpoint, and again to where that sends it on, until somebody sends the browser back
//! to us with a code. It leaves for no other origin: it has a password in it.

use url::Url;

use super::{SignInError, exchange::Web, grant::encoded};
use crate::Secret;

const MAX_FORMS: usize = 5;

pub(crate) struct Answer(Vec<(String, Secret)>);

impl Answer {
    pub(crate) fn get(&self, name: &str) -> Option<&Secret> {
        self.0.iter().find(|(it, _)| it == name).map(|(_, value)| value)
    }
}

pub(crate) async fn fill(
    web: &Web,
    link: &Url,
    fields: &[(String, Secret)],
    redirect: &Url,
) -> Result<Answer, SignInError> {
    let failed = |cause: String| SignInError::Form { cause };
    // What the browser would have had in its address belongs to the form; our question counts.
    let asked: Vec<_> = link.query_pairs().collect();
    let own = fields.iter().filter(|(name, _)| !asked.iter().any(|(it, _)| it == name));
    let own = own.map(|(name, value)| (name.as_str(), value.expose()));
    let body = encoded(&own.chain(asked.iter().map(|(name, value)| (&**name, &**value))).collect::<Vec<_>>());
    let mut url = link.clone();
    url.set_query(None);
    let origin = url.origin();
    for _ in 0..MAX_FORMS {
        let request = http::Request::post(url.as_str())
            .header(http::header::CONTENT_TYPE, "application/x-www-form-urlencoded")
            .body(body.as_bytes().to_vec());
        let request = request.map_err(|error| failed(error.to_string()))?;
        let answer = web.send(request).await.map_err(|error| failed(error.to_string()))?;
        let location = answer.headers().get(http::header::LOCATION).and_then(|value| value.to_str().ok());
        let Some(next) = location.and_then(|to| url.join(to).ok()).filter(|_| answer.status().is_redirection()) else {
            return Err(failed(format!("the form was answered with {}", answer.status())));
        };
        if next.origin() == redirect.origin() && next.path() == redirect.path() {
            return read(&next, link).map_err(failed);
        }
        if next.origin() != origin {
            return Err(failed("it was sent on to another place, which must not see the password".into()));
        }
        url = next;
    }
    Err(failed("it was sent on again and again".into()))
}

fn read(back: &Url, link: &Url) -> Result<Answer, String> {
    let state = |url: &Url| url.query_pairs().find(|(name, _)| name == "state").map(|(_, value)| value.into_owned());
    if state(back) != state(link) {
        return Err("the answer belongs to another sign-in".into());
    }
    Ok(Answer(back.query_pairs().map(|(name, value)| (name.into_owned(), Secret::new(value))).collect()))
}
