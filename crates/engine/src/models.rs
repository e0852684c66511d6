//! Who answers: providers made ready, their models listed, their connection tested.

use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Duration;

use chat::{ErrorCode, ErrorReport, ModelRef};
use http::{HeaderName, HeaderValue};

use crate::engine::Engine;
use crate::provider::{
    LMSTUDIO, LmStudio, OPENAI, OpenAi, PRACTICE, PRESETS, Preset, Provider, ProviderError, list_models, preset,
};
use crate::settings::Settings;
use crate::view::{AppEvent, KeyState, ModelView, ProviderView, SettingsView};

/// What is passed on is answered within this time, or not at all.
const FORWARD_DEADLINE: Duration = Duration::from_secs(120);

/// Where a provider is asked, and with which key.
pub(crate) struct Endpoint {
    preset: &'static Preset,
    pub(crate) base_url: String,
    pub(crate) key: String,
}

impl Endpoint {
    pub(crate) fn is_secure(&self) -> bool {
        self.base_url.starts_with("https:")
    }
}

impl Engine {
    /// A provider ready to be asked.
    pub(crate) async fn provider(&self, id: &str) -> Result<Arc<dyn Provider>, ErrorReport> {
        let preset = known(id)?;
        let endpoint = self.endpoint(preset).await?;
        let provider = OpenAi::new(preset, &endpoint.base_url, &endpoint.key, &self.http(&endpoint));
        Ok(Arc::new(provider.remembering(self.inner.only_in_pieces.clone())))
    }

    /// The models a provider offers.
    pub async fn list_models(&self, provider: &str) -> Result<Vec<ModelView>, ErrorReport> {
        let preset = known(provider)?;
        let endpoint = self.endpoint(preset).await?;
        self.list_models_of(&endpoint).await.map_err(|error| error.report())
    }

    /// The models that a provider offers there.
    pub(crate) async fn list_models_of(&self, endpoint: &Endpoint) -> Result<Vec<ModelView>, ProviderError> {
        let models = list_models(endpoint.preset, &endpoint.base_url, &endpoint.key, &self.http(endpoint)).await?;
        self.inner.told.hear(&models);
        Ok(models)
    }

    pub(crate) async fn endpoint_of(&self, id: &str) -> Result<Endpoint, ErrorReport> {
        self.endpoint(known(id)?).await
    }

    /// Has LM Studio load a model so that it reads `context` tokens, and answers what it offers then.
    pub async fn load_model(&self, model: &ModelRef, context: u64) -> Result<Vec<ModelView>, ErrorReport> {
        let preset = known(&model.provider)?;
        if preset.id != LMSTUDIO {
            return Err(ErrorReport::new(ErrorCode::InvalidInput, format!("{} loads no models.", preset.name)));
        }
        let endpoint = self.endpoint(preset).await?;
        let Endpoint { base_url, key, .. } = &endpoint;
        let studio = LmStudio { preset, base_url, key, http: &self.http(&endpoint) };
        studio.load(&model.model, context).await.map_err(|error| error.report())?;
        self.list_models(preset.id).await
    }

    /// Passes a request on to a provider as it is, and its answer back: the status and the JSON.
    pub async fn forward(
        &self,
        provider: &str,
        path: &str,
        body: &serde_json::Value,
    ) -> Result<(u16, serde_json::Value), ErrorReport> {
        let preset = known(provider)?;
        let endpoint = self.endpoint(preset).await?;
        let unreachable = |error: reqwest::Error| {
            ErrorReport::new(ErrorCode::ProviderUnreachable, format!("{} did not answer.", preset.name))
                .because(error.without_url().to_string())
                .fix("Check its address in Settings → Models.")
        };
        let mut request = self.http(&endpoint).post(format!("{}/{path}", endpoint.base_url.trim_end_matches('/')));
        if !endpoint.key.is_empty() {
            request = request.bearer_auth(&endpoint.key);
        }
        let response = request.json(body).timeout(FORWARD_DEADLINE).send().await.map_err(unreachable)?;
        let status = response.status().as_u16();
        Ok((status, response.json().await.map_err(unreachable)?))
    }

    pub fn change_settings(&self, settings: Settings) -> Result<(), ErrorReport> {
        let settings = settings.checked()?;
        if !self.inner.settings_given {
            settings.save(&self.inner.home.settings())?;
        }
        let (servers, sampling) = (self.servers().clone(), settings.sampling);
        let roots = crate::folders::roots(&settings.folders);
        crate::logging::follow(&settings);
        *self.inner.settings.lock().unwrap_or_else(PoisonError::into_inner) = Arc::new(settings);
        self.tell_settings();
        // Servers are told in their own time.
        tokio::spawn(async move {
            servers.set_roots(roots).await;
            servers.allow_sampling(sampling).await;
        });
        Ok(())
    }

    pub async fn store_key(&self, provider: &str, key: &str) -> Result<(), ErrorReport> {
        self.inner.keys.store(known(provider)?, key).await?;
        self.tell_settings();
        Ok(())
    }

    pub async fn forget_key(&self, provider: &str) -> Result<(), ErrorReport> {
        self.inner.keys.forget(known(provider)?).await?;
        self.tell_settings();
        Ok(())
    }

    /// Asks the keychain about every key.
    pub async fn look_up_keys(&self) -> SettingsView {
        self.inner.keys.look_up().await;
        self.tell_settings();
        self.settings_view()
    }

    /// Who answers where nobody else is named; nothing until somebody has been chosen.
    pub fn usual_model(&self) -> Option<ModelRef> {
        self.settings().model.clone()
    }

    pub fn settings_view(&self) -> SettingsView {
        let settings = self.settings();
        let providers = PRESETS.iter().map(|preset| ProviderView {
            id: preset.id.into(),
            name: preset.name.into(),
            base_url: preset.base_url(&settings).into(),
            needs_key: preset.needs_key,
            key: self.inner.keys.state(preset),
        });
        SettingsView {
            providers: providers.collect(),
            prices: settings.prices.clone().unwrap_or_else(crate::prices::usual),
            settings: Settings::clone(&settings),
            secrets: self.secret_place(),
        }
    }

    fn http(&self, endpoint: &Endpoint) -> reqwest::Client {
        match endpoint.preset.id {
            OPENAI => self.inner.http.on_account_of(&endpoint.base_url, &self.settings().openai_organisation),
            _ => self.inner.http.reaching(&endpoint.base_url).clone(),
        }
    }

    pub(crate) fn tell_settings(&self) {
        self.inner.hub.announce(AppEvent::Settings { settings: self.settings_view() });
    }

    async fn endpoint(&self, preset: &'static Preset) -> Result<Endpoint, ErrorReport> {
        if preset.id == PRACTICE {
            let practice = self.inner.practice.get_or_try_init(|| practice::start(practice::Options::default())).await;
            let practice = practice.map_err(|error| {
                ErrorReport::new(ErrorCode::ProviderUnreachable, "The practice model could not be started.")
                    .because(error.to_string())
            })?;
            return Ok(Endpoint { preset, base_url: practice.base_url(), key: practice.key().to_owned() });
        }
        let base_url = preset.base_url(&self.settings()).to_owned();
        if base_url.is_empty() {
            return Err(ErrorReport::new(ErrorCode::InvalidInput, format!("{} has no address yet.", preset.name))
                .fix("Give its base URL in Settings → Models. It usually ends in /v1."));
        }
        // Who needs no key does not wait for a keychain that has not answered before.
        let unanswered = matches!(self.inner.keys.state(preset), KeyState::Unavailable { .. });
        let key = if unanswered && !preset.needs_key { Ok(None) } else { self.inner.keys.get(preset).await };
        let key = match key {
            Ok(key) => key.map(|key| key.expose().to_owned()).unwrap_or_default(),
            // A keychain that does not answer stops only those who need what is in it.
            Err(error) if preset.needs_key => return Err(error),
            Err(_) => String::new(),
        };
        if key.is_empty() && preset.needs_key {
            return Err(ProviderError::KeyMissing { provider: preset.name.into() }.report());
        }
        Ok(Endpoint { preset, base_url, key })
    }
}

/// The clients that ask providers, made when they are first needed: reading the system's certificates
/// takes a while.
#[derive(Default)]
pub(crate) struct Http {
    beyond: OnceLock<reqwest::Client>,
    /// For this computer itself, where no proxy has any business.
    here: OnceLock<reqwest::Client>,
    /// The one that names an organisation, and which.
    named: Mutex<Option<Named>>,
}

struct Named {
    organisation: String,
    is_here: bool,
    client: reqwest::Client,
}

impl Http {
    fn reaching(&self, base_url: &str) -> &reqwest::Client {
        match is_here(base_url) {
            true => self.here.get_or_init(|| builder().no_proxy().build().unwrap_or_default()),
            false => self.beyond.get_or_init(|| builder().build().unwrap_or_default()),
        }
    }

    /// Every request names that organisation; none does where it is empty.
    fn on_account_of(&self, base_url: &str, organisation: &str) -> reqwest::Client {
        let header = HeaderValue::from_str(organisation).ok().filter(|header| !header.is_empty());
        let Some(header) = header else { return self.reaching(base_url).clone() };
        let is_here = is_here(base_url);
        let mut named = self.named.lock().unwrap_or_else(PoisonError::into_inner);
        let same = |known: &&Named| known.organisation == organisation && known.is_here == is_here;
        if let Some(known) = named.as_ref().filter(same) {
            return known.client.clone();
        }
        let headers = [(HeaderName::from_static("openai-organization"), header)].into_iter().collect();
        let builder = builder().default_headers(headers);
        let builder = if is_here { builder.no_proxy() } else { builder };
        let client = builder.build().unwrap_or_default();
        *named = Some(Named { organisation: organisation.to_owned(), is_here, client: client.clone() });
        client
    }
}

fn builder() -> reqwest::ClientBuilder {
    reqwest::Client::builder()
        .connect_timeout(Duration::from_secs(15))
        .user_agent(concat!("Loquat/", env!("CARGO_PKG_VERSION")))
        .tcp_nodelay(true)
}

fn is_here(base_url: &str) -> bool {
    url::Url::parse(base_url).ok().is_some_and(|url| match url.host() {
        Some(url::Host::Domain(name)) => name == "localhost",
        Some(url::Host::Ipv4(address)) => address.is_loopback(),
        Some(url::Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    })
}

fn known(id: &str) -> Result<&'static Preset, ErrorReport> {
    preset(id).ok_or_else(|| {
        ErrorReport::new(ErrorCode::InvalidInput, format!("There is no provider called {id}."))
            .fix("Known are openai, lmstudio, custom and practice.")
    })
}
