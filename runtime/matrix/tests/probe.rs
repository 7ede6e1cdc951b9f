//! temp
#![recursion_limit = "256"]
use hushgate_matrix::*;
#[tokio::test]
async fn probe() {
    tracing_subscriber::fmt().with_max_level(tracing_subscriber::filter::LevelFilter::DEBUG).with_writer(std::io::stderr).init();
    let s = Settings { homeserver: format!("http://127.0.0.1:{}", std::env::var("P").unwrap()), state_dir: std::env::var("D").unwrap().into(), store_passphrase: "x".into(), socks_proxy: None };
    let room = std::env::var("R").unwrap();
    let t = std::time::Instant::now();
    let r = log_in(&s, "bot", "bot-password").await; eprintln!("PROBE login {r:?} {:?}", t.elapsed());
    let b = Bot::restore(&s).await.unwrap(); eprintln!("PROBE restore {:?}", t.elapsed());
    b.join(&room).await.unwrap(); eprintln!("PROBE join {:?}", t.elapsed());
    for i in 0..3 { b.post(&room, &format!("{i}-{}", std::process::id()), "x", "x").await.unwrap(); eprintln!("PROBE post {:?}", t.elapsed()); }
}
