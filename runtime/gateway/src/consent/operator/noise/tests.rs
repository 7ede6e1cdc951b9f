//! The noise is what its name says, and costs what it says.

use super::*;

const DRAWS: usize = 40_000;

fn drawn(scale: Scale, seed: u64) -> Vec<i64> {
    let mut chance = fastrand::Rng::with_seed(seed);
    (0..DRAWS).map(|_| scale.draw(&mut || Some(chance.u64(..))).unwrap()).collect()
}

/// The closed form: P(k) = tanh(a/2) exp(−a|k|), with a = 1/scale.
fn expected(a: f64, k: i64) -> f64 {
    (a / 2.0).tanh() * (-a * k.abs() as f64).exp()
}

/// Chi-square of draws against the closed form, over the cells −last … last and one tail on each side; divided by
/// what is exceeded by chance once in a million times (Wilson and Hilferty), so that above 1 is wrong.
fn distance(draws: &[i64], a: f64) -> f64 {
    let last = (4.0 / a).ceil() as i64;
    let count = |is: &dyn Fn(i64) -> bool| draws.iter().filter(|it| is(**it)).count() as f64;
    let mut cells: Vec<(f64, f64)> =
        (-last..=last).map(|k| (count(&|it| it == k), expected(a, k))).collect();
    let tail = (1.0 - cells.iter().map(|it| it.1).sum::<f64>()) / 2.0;
    cells.push((count(&|it| it > last), tail));
    cells.push((count(&|it| it < -last), tail));
    let chi_square = |(seen, share): &(f64, f64)| {
        let expected = share * draws.len() as f64;
        (seen - expected).powi(2) / expected
    };
    let freedom = (cells.len() - 1) as f64;
    let third = 2.0 / (9.0 * freedom);
    let most = freedom * (1.0 - third + 4.753 * third.sqrt()).powi(3);
    cells.iter().map(chi_square).sum::<f64>() / most
}

#[test]
fn draws_follow_the_closed_form() {
    for (over, under) in [(1, 1), (5, 1), (10, 3), (20, 1), (1, 2), (40_000_000, 10_000_000)] {
        for seed in 0..3 {
            let a = under as f64 / over as f64;
            let distance = distance(&drawn(Scale::new(over, under), seed), a);
            assert!(distance < 1.0, "{over}/{under} {seed}: {distance}");
        }
    }
}

#[test]
fn wrong_noise_is_seen() {
    let draws = drawn(Scale::new(5, 1), 1);
    assert!(distance(&draws, 0.2) < 1.0);
    assert!(distance(&draws, 0.22) > 1.0, "another epsilon");
    assert!(distance(&draws, 0.18) > 1.0, "another epsilon");
    let one_sided: Vec<_> = draws.iter().map(|it| it.abs()).collect();
    assert!(distance(&one_sided, 0.2) > 1.0);
    let no_zero: Vec<_> = draws.iter().map(|it| if *it == 0 { 1 } else { *it }).collect();
    assert!(distance(&no_zero, 0.2) > 1.0);
    // As if the sign of 0 were not thrown away.
    let mut chance = fastrand::Rng::with_seed(4);
    let twice: Vec<_> = draws.iter().map(|it| if chance.u8(..) < 23 { 0 } else { *it }).collect();
    assert!(distance(&twice, 0.2) > 1.0);
}

/// `scipy.stats.dlaplace.pmf(k, a)` of SciPy 1.17.1, for (a, k).
#[test]
fn the_closed_form_is_what_scipy_says() {
    for (a, k, says) in SCIPY {
        assert!((expected(a, k) - says).abs() < 1e-15, "{a} {k}");
    }
}

const SCIPY: [(f64, i64, f64); 6] = [
    (0.2, 0, 0.09966799462495582),
    (0.2, -1, 0.08160125229706232),
    (0.2, 7, 0.024577824876662453),
    (1.0, 0, 0.46211715726000974),
    (1.0, 3, 0.023007458502467038),
    (2.0, -2, 0.01394908354025609),
];

#[test]
fn without_randomness_or_with_broken_one_there_is_no_draw() {
    assert_eq!(Scale::new(5, 1).draw(&mut || None), None);
    assert_eq!(Scale::new(5, 1).draw(&mut || Some(u64::MAX)), None);
}

fn file(epsilon: Option<&str>, sensitivity: u32, budget: &str) -> Result<Noise, String> {
    let text = |it: &str| it.to_owned();
    let (epsilon, budget) = (epsilon.map(text), text(budget));
    NoiseFile { epsilon, sensitivity, budget, period: Some("1 day".into()) }.checked()
}

#[test]
fn what_is_no_noise_is_refused() {
    for broken in ["", "0", "1/0", "0/1", "-1", "1.5", "1/1000001", "99999999999999999999", "1/2/3"]
    {
        assert!(file(Some(broken), 1, "1").is_err(), "{broken}");
        assert!(file(None, 1, broken).is_err(), "{broken}");
    }
    assert!(file(Some("1"), 0, "1").is_err());
    assert!(file(Some("2"), 1, "1").is_err());
    assert!(file(Some("1000000"), u32::MAX, "1000000").is_ok());
}

#[test]
fn a_budget_is_spent_to_the_last_and_begins_anew_with_its_period() {
    let noise = file(Some("1/3"), 1, "1").unwrap();
    let epsilon = noise.epsilon.unwrap();
    let mut spent = Spent::default();
    let day = 86_400_000;
    // A third is rounded to more, so the third one does not fit any more.
    let mut spend = |at| noise.spend(epsilon, &mut spent, Millis(at));
    assert_eq!([day, day + 1, day + 2].map(&mut spend), [true, true, false]);
    assert!(!spend(2 * day - 1));
    assert!(spend(2 * day));
    assert!(spend(day), "a clock that steps back");
    assert!(!spend(day), "does not begin it anew");
}

#[test]
fn of_two_the_stricter_counts() {
    let (ours, theirs) = (file(Some("1/10"), 3, "5").unwrap(), file(None, 7, "2").unwrap());
    let both = ours.and(theirs);
    assert_eq!((both.epsilon, both.sensitivity), (ours.epsilon, 7));
    assert_eq!(both.budget, theirs.budget);
    let third = Epsilon::of_text("1/3").unwrap();
    assert_eq!(third.min(Epsilon::of_asked(0.4).unwrap()), third);
    assert_eq!(Epsilon::of_asked(0.25).unwrap().min(third), Epsilon::of_asked(0.25).unwrap());
    for none in [0.0, -1.0, f64::NAN, f64::INFINITY, 1.1, 1e-9] {
        assert_eq!(Epsilon::of_asked(none), None, "{none}");
    }
}

#[test]
fn an_account_says_what_is_spent_in_this_period_and_when_the_next_begins() {
    const DAY: i64 = 86_400_000;
    let epsilon = Epsilon::of_text("1/10").unwrap();
    let noise =
        Noise { epsilon: Some(epsilon), sensitivity: 1, budget: 1_000_000, period_ms: 30 * DAY };
    let at = |days: i64| Millis(days * DAY);
    let account = |spent, until| Account { spent, budget: 1_000_000, until };
    assert_eq!(noise.account(None, at(31)), account(0, at(60)));
    let mut spent = Spent::default();
    for _ in 0..3 {
        assert!(noise.spend(epsilon, &mut spent, at(31)));
    }
    assert_eq!(noise.account(Some(&spent), at(59)), account(300_000, at(60)));
    assert_eq!(noise.account(Some(&spent), at(59)).left(), 700_000);
    // A new period begins with nothing spent, and a clock that steps back begins none.
    assert_eq!(noise.account(Some(&spent), at(60)), account(0, at(90)));
    assert_eq!(noise.account(Some(&spent), at(1)), account(300_000, at(60)));
    // The grant's text was made stricter since.
    let less = Noise { budget: 200_000, ..noise };
    assert_eq!(less.account(Some(&spent), at(59)).left(), 0);
}
