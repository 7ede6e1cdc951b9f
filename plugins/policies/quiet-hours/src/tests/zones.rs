//! Offsets, compared with the whole time zone database and with another reader of POSIX rules (crate jiff).

use jiff::{Timestamp, tz::TimeZone};

use crate::{posix::Rule, zone::Zone};

/// 2026-11-02T00:00:00Z, from where the table is right.
const SINCE_S: i64 = 1_793_577_600;
/// 2088-01-01T00:00:00Z, after the last change that is no rule.
const UNTIL_S: i64 = 3_723_753_600;
const DAY_S: i64 = 86_400;

fn offset(zone: &TimeZone, at: i64) -> i64 {
    i64::from(zone.to_offset(Timestamp::from_second(at).unwrap()).seconds())
}

#[test]
fn every_zone_has_the_offsets_of_the_database() {
    let database = jiff::tz::TimeZoneDatabase::bundled();
    let mut names = 0;
    for name in database.available() {
        let (ours, theirs) = (Zone::parse(name.as_str()).unwrap(), database.get(name.as_str()));
        let theirs = theirs.unwrap();
        names += 1;
        let same = |at: i64| assert_eq!(ours.offset(at), offset(&theirs, at), "{name} at {at}");
        for at in (SINCE_S..UNTIL_S).step_by(20 * DAY_S as usize) {
            same(at);
        }
        let changes = theirs.following(Timestamp::from_second(SINCE_S).unwrap());
        for change in changes.map(|it| it.timestamp().as_second()).take_while(|it| *it < UNTIL_S) {
            same(change - 1);
            same(change);
        }
    }
    assert!(names > 590, "{names}");
}

#[test]
fn rules_mean_what_others_read_in_them() {
    for text in [
        "CET-1CEST,M3.5.0,M10.5.0/3",
        "IST-1GMT0,M10.5.0,M3.5.0/1",
        "NZST-12NZDT,M9.5.0,M4.1.0/3",
        "<+1030>-10:30<+11>-11,M10.1.0,M4.1.0",
        "IST-2IDT,M3.4.4/26,M10.5.0",
        "<-02>2<-01>,M3.5.0/-1,M10.5.0/0",
        "EST5EDT,J60,J300/1:30:15",
        "EST5EDT,59/0,300",
        "AAA+3:30:10BBB2,M2.5.6/167,M11.5.1/-167",
        "UTC0",
    ] {
        let (ours, theirs) = (Rule::parse(text).unwrap(), TimeZone::posix(text).unwrap());
        for at in (SINCE_S..SINCE_S + 9 * 366 * DAY_S).step_by(3607) {
            assert_eq!(ours.offset(at), offset(&theirs, at), "{text} at {at}");
        }
    }
}

#[test]
fn summer_all_year_is_one_offset() {
    let zone = Zone::parse("EST5EDT,0/0,J365/25").unwrap();
    for at in (SINCE_S..SINCE_S + 5 * 366 * DAY_S).step_by(1800) {
        assert_eq!(zone.offset(at), -4 * 3600, "{at}");
        assert_eq!((zone.first(at), zone.last(at)), (at + 4 * 3600, at + 4 * 3600));
    }
}

#[test]
fn what_is_no_rule_is_refused() {
    for text in [
        "",
        "BET",
        "CE-1",
        "CET-1CEST",
        "CET-1CEST,M3.5.0",
        "CET-25",
        "CET-1CEST,M13.5.0,M10.5.0",
        "CET-1CEST,M3.6.0,M10.5.0",
        "CET-1CEST,M3.5.7,M10.5.0",
        "CET-1CEST,M3.5.0/168,M10.5.0",
        "CET-1CEST,M3.5.0/1:60,M10.5.0",
        "CET-1CEST,M3.5.0,M10.5.0,",
        "CET-1CEST,M3.5.0,M10.5.0/3 ",
        "CET-1CEST,J0,J366",
        "CET-1CEST,366,0",
        "CET-1CEST,M3.5,M10.5.0",
        ":Europe/Berlin",
        "<+1>-1",
        "<+01-1",
        "CÉT-1",
        "CET-1:00:00:00",
        "CET--1",
        "CET-",
        "europe/berlin",
    ] {
        assert!(Rule::parse(text).is_none(), "{text}");
        assert!(Zone::parse(text).is_none(), "{text}");
    }
}
