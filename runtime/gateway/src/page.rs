//! The owner's page: what may leave and what left, and a button that ends it.
//!
//! # Promises
//!
//! - All that can be done on it makes less leave: what a stolen password or a forged click can do is to silence the gateway.
//! - It is on this machine only, needs a password, and answers no other machine's name.
//! - Only a form that this page made withdraws anything: another site's form does not know its token.
//! - It needs no script, and shows no value that a device sent.

mod render;

use crate::{
    config::Config,
    control::{self, Command},
    home::Home,
    ingress::visitor::{Door, Forms, is_here, page_headers, who_are_you},
    keys::{Keys, random},
    ledger::read::{self, Found},
    message::Millis,
    report::{Question, Report},
    source::is_name,
    store::{Store, daily},
};
use axum::{
    Router,
    body::Bytes,
    extract::{DefaultBodyLimit, Path, State},
    http::{HeaderMap, StatusCode},
    response::{Html, IntoResponse, Response},
    routing::{get, post},
};
use data_encoding::HEXLOWER;
use std::{fs, sync::Arc};

/// How many may ask at once.
pub const CONNECTIONS_MAX: usize = 16;
/// The most bytes of a form.
const FORM_BYTES_MAX: usize = 256;
/// How many of the newest entries are shown.
const NEWEST: i64 = 20;
/// How many days its numbers are about, today included.
const DAYS: u16 = 7;

/// The page of one gateway. Cheap to clone.
#[derive(Clone)]
pub struct Page(Arc<Inner>);

struct Inner {
    home: Home,
    door: Door,
    /// In each form. Another one with each start.
    token: String,
}

impl Page {
    /// For the gateway in `home`; its password has this hash. Nothing if there is no randomness.
    pub fn new(home: &Home, password: &str) -> Option<Self> {
        let token = HEXLOWER.encode(&random::<16>().ok()?);
        let door = Door::new("hushgate", Some(password));
        Some(Self(Arc::new(Inner { home: home.clone(), door, token })))
    }

    /// Its routes.
    pub fn routes(self) -> Router {
        Router::new()
            .route("/", get(look))
            .route("/report", get(report))
            .route("/stop", post(stop))
            .route("/grants/{id}/withdraw", post(withdraw))
            .layer(DefaultBodyLimit::max(FORM_BYTES_MAX))
            .with_state(self)
    }

    /// Why whoever asks is not let in.
    async fn refuses(&self, headers: &HeaderMap) -> Option<Response> {
        if !is_here(headers) {
            let text = "ask for it by this machine's address\n";
            return Some((StatusCode::FORBIDDEN, text).into_response());
        }
        (!self.0.door.opens(headers).await).then(who_are_you)
    }

    /// Whether a form is this page's own.
    fn is_own(&self, form: &[u8]) -> bool {
        form.strip_prefix(b"token=") == Some(self.0.token.as_bytes())
    }

    /// The page as it is now, with what was just done.
    fn show(&self, done: Option<&str>) -> Response {
        let home = &self.0.home;
        let view = View::read(home, done);
        (page_headers(Forms::Here), Html(render::page(&view, &self.0.token))).into_response()
    }
}

/// What the page shows.
struct View<'a> {
    done: Option<&'a str>,
    problems: Vec<String>,
    /// Or what is wrong with the settings.
    config: Result<Config, String>,
    /// Grants by the names of their files: what is broken can be ended as well.
    grants: Vec<String>,
    report: Option<Report>,
    newest: Vec<Found>,
}

impl<'a> View<'a> {
    fn read(home: &Home, done: Option<&'a str>) -> Self {
        let problems = fs::read_to_string(home.degraded()).unwrap_or_default();
        let config = control::settings(home).map_err(|it| it.to_string());
        let store = Store::look(&home.store()).ok();
        let mut newest = Vec::new();
        if let Some(store) = &store {
            let end = read::last(store).unwrap_or(0);
            read::scan(store, ((end - NEWEST).max(0) + 1, end), |it| newest.push(it));
            newest.reverse();
        }
        let report = config.as_ref().ok().and_then(|config| {
            let today = daily::day(Millis::now());
            let question = Question { subject: None, today, days: DAYS };
            let report = Report::load(config, store.as_ref(), question).ok()?;
            match (&store, Keys::open(&home.keys())) {
                (Some(store), Ok(keys)) => report.measured(config, (store, &keys)).ok(),
                _ => Some(report),
            }
        });
        Self {
            done,
            problems: problems.lines().map(str::to_owned).collect(),
            grants: crate::control::ids(home).unwrap_or_default(),
            config,
            report,
            newest,
        }
    }
}

async fn look(State(page): State<Page>, headers: HeaderMap) -> Response {
    match page.refuses(&headers).await {
        Some(refusal) => refusal,
        None => aside(move || page.show(None)).await,
    }
}

async fn report(State(page): State<Page>, headers: HeaderMap) -> Response {
    if let Some(refusal) = page.refuses(&headers).await {
        return refusal;
    }
    aside(move || {
        let view = View::read(&page.0.home, None);
        match (view.config, view.report) {
            (Ok(config), Some(report)) => {
                (page_headers(Forms::None), Html(report.html(&config))).into_response()
            }
            _ => StatusCode::SERVICE_UNAVAILABLE.into_response(),
        }
    })
    .await
}

async fn stop(State(page): State<Page>, headers: HeaderMap, form: Bytes) -> Response {
    carry_out(page, headers, form, |home| Command::Stop.carry_out(home)).await
}

async fn withdraw(
    State(page): State<Page>,
    Path(id): Path<String>,
    headers: HeaderMap,
    form: Bytes,
) -> Response {
    if !is_name(&id) {
        return StatusCode::NOT_FOUND.into_response();
    }
    carry_out(page, headers, form, move |home| Command::Withdraw(&id).carry_out(home)).await
}

async fn carry_out(
    page: Page,
    headers: HeaderMap,
    form: Bytes,
    command: impl FnOnce(&Home) -> String + Send + 'static,
) -> Response {
    if let Some(refusal) = page.refuses(&headers).await {
        return refusal;
    }
    if !page.is_own(&form) {
        let text = "this form is not of the page as it is now: load the page anew\n";
        return (StatusCode::FORBIDDEN, text).into_response();
    }
    aside(move || {
        let done = command(&page.0.home);
        page.show(Some(&done))
    })
    .await
}

/// Files are read and written: not on a thread that others wait for.
async fn aside(work: impl FnOnce() -> Response + Send + 'static) -> Response {
    let failed = |error| {
        tracing::error!(%error, "the page failed");
        StatusCode::INTERNAL_SERVER_ERROR.into_response()
    };
    tokio::task::spawn_blocking(work).await.unwrap_or_else(failed)
}
