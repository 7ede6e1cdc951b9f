//! One frame, all the way through the real program.

use hushgate_tests::world::{World, wait_until};

#[test]
fn a_frame_becomes_a_receipt_and_shows_on_the_page() {
    let world = World::running();
    let mut device = world.device();
    device.publish("patient/beats/bpm", b"Beats: 71.60 bpm ").unwrap();
    assert_eq!(
        world.put("/", br#"{"device":"patient","topic":"mmHg","payload":" 121.00 mmHg "}"#),
        204
    );
    wait_until("both are delivered", || world.ledger_count("delivered", None) == 2);
    world.wait_until_delivered();
    assert!(world.verify().contains("2 deliveries signed, 0 unsigned"));
}
