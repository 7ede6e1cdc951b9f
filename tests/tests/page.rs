//! The owner's page: shows what leaves, and ends it by one click; nobody else can.

#![expect(clippy::unwrap_used, reason = "a test that cannot set up should fail loudly")]

use data_encoding::BASE64;
use hushgate_tests::{
    http::{self, Answer},
    program::{run, run_ok},
    rig::free_port,
    world::{GRANT, World, after, wait_until},
};
use std::{fs, net::SocketAddr};

const FIRST: &str = "ada-pacemaker";
const SECOND: &str = "ada-research";

/// A gateway with two grants and its page.
struct Paged {
    world: World,
    at: SocketAddr,
    password: String,
}

impl Paged {
    fn new() -> Self {
        let mut world = World::new();
        world.grant(FIRST, GRANT);
        world.grant(
            SECOND,
            &GRANT.replace("sector-health:PatientMonitoring", "dpv:AcademicResearch"),
        );
        let at = SocketAddr::from(([127, 0, 0, 1], free_port()));
        let on = ["page", "on", "--listen", &at.to_string()];
        let password = after(&run_ok(&world.gateway_dir(), &on), "only now: ");
        assert_eq!(run(&world.gateway_dir(), &on).status.code(), Some(3), "it is on already");
        world.start_gateway();
        Self { world, at, password }
    }

    fn ask(&self, method: &str, path: &str, (password, body): (&str, &str)) -> Answer {
        let login = BASE64.encode(format!("hushgate:{password}").as_bytes());
        let headers = [&*format!("Authorization: Basic {login}")];
        http::request(self.at, method, path, &headers, body.as_bytes())
    }

    fn page(&self) -> String {
        let page = self.ask("GET", "/", (&self.password, ""));
        assert_eq!(page.status, 200, "{}", page.text);
        page.text
    }

    /// Clicks the button behind `path`, as the page has it.
    fn click(&self, path: &str) -> Answer {
        let page = self.page();
        assert!(page.contains(&format!("action=\"{path}\"")), "no button for {path}");
        let token =
            page.split_once("name=\"token\" value=\"").unwrap().1.split_once('"').unwrap().0;
        self.ask("POST", path, (&self.password, &format!("token={token}")))
    }
}

#[test]
fn one_click_withdraws_and_the_next_frame_stays() {
    let it = Paged::new();
    it.world.queue(71_643);
    wait_until("it is delivered", || it.world.ledger_count("delivered", None) > 0);
    let page = it.page();
    for text in [
        "2 grants let something leave",
        "<strong>hospital</strong> learn of pacemaker, for patient monitoring",
        "0 to 1000000 /min, in steps of 1",
        "pacemaker: hospital has it",
        "form-action 'self'",
        "<svg class=\"flow\"",
    ] {
        assert!(page.contains(text), "no `{text}` in {page}");
    }
    for text in ["71643", "<script", "argon2"] {
        assert!(!page.contains(text), "`{text}` in {page}");
    }
    let report = it.ask("GET", "/report", (&it.password, "")).text;
    assert!(report.contains("Hushgate report") && report.contains("Privacy in figures"));

    let done = it.click(&format!("/grants/{FIRST}/withdraw"));
    assert!(done.text.contains("ada-pacemaker: withdrawn; nothing more leaves"), "{}", done.text);
    assert!(done.text.contains("One grant lets"), "{}", done.text);
    wait_until("it counts", || it.world.ledger_count("withdrawn", None) == 1);
    // What is broken does not stand in the way of ending the rest.
    it.world.grant("broken", "this is no grant");
    assert!(it.page().contains("Its text cannot be read now"));
    let done = it.click("/stop");
    assert!(done.text.contains("Nothing leaves this home"), "{}", done.text);
    wait_until("nothing leaves", || {
        let before = it.world.ledger_count("withheld", Some("no-grant"));
        assert_eq!(it.world.put("/patient/beats/bpm", b"Beats: 72 bpm"), 204);
        it.world.ledger_count("withheld", Some("no-grant")) > before
    });
    it.world.verify();
}

#[test]
fn who_has_no_password_or_another_sites_form_ends_nothing_and_sees_nothing() {
    let it = Paged::new();
    let withdraw = format!("/grants/{FIRST}/withdraw");
    for (method, path) in [("GET", "/"), ("GET", "/report"), ("POST", "/stop"), ("POST", &withdraw)]
    {
        let refused = it.ask(method, path, ("guessed", "token="));
        assert_eq!(refused.status, 401, "{method} {path}");
        assert!(!refused.text.contains("ada"), "{}", refused.text);
    }
    // The browser of somebody who is logged in sends the password along with a foreign form.
    let wrong = format!("token={}", "0".repeat(32));
    for (path, body) in
        [("/stop", ""), ("/stop", "token="), ("/stop", &*wrong), (&*withdraw, &*wrong)]
    {
        assert_eq!(it.ask("POST", path, (&it.password, body)).status, 403, "{path} {body}");
    }
    let long = format!("token={}", "0".repeat(1 << 20));
    assert_ne!(it.ask("POST", "/stop", (&it.password, &long)).status, 200);
    for path in ["/grants/..%2fhushgate/withdraw", "/grants/%00/withdraw"] {
        assert_eq!(it.ask("POST", path, (&it.password, &wrong)).status, 404, "{path}");
    }
    assert_eq!(it.ask("GET", "/stop", (&it.password, "")).status, 405);
    let grants = fs::read_dir(it.world.gateway_dir().join("grants")).unwrap();
    assert_eq!(grants.filter(|it| it.as_ref().unwrap().path().is_file()).count(), 2);
}

#[test]
fn the_page_is_for_this_machine_alone() {
    let world = World::new();
    let elsewhere = run(&world.gateway_dir(), &["page", "on", "--listen", "0.0.0.0:8481"]);
    let said = String::from_utf8_lossy(&elsewhere.stderr).into_owned();
    assert!(elsewhere.status.code() == Some(3) && said.contains("on this machine"), "{said}");
    let settings = fs::read_to_string(world.gateway_dir().join("hushgate.toml")).unwrap();
    assert!(!settings.contains("[page]"));
}
