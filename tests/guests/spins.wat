;; adapter
;; Answers well after a million rounds for each byte of the frame.
  (func (export "hushgate:plugin/adapter@0.1.0#configure") (param i32 i32) (result i32)
    (i32.const 0))
  (func (export "hushgate:plugin/adapter@0.1.0#decode")
    (param i32 i32 i32 i32 i32 i64 i32 i32) (result i32)
    (local $left i64)
    (local.set $left (i64.mul (i64.extend_i32_u (local.get 7)) (i64.const 1000000)))
    (block $done
      (loop $round
        (br_if $done (i64.eqz (local.get $left)))
        (local.set $left (i64.sub (local.get $left) (i64.const 1)))
        (br $round)))
    (call $field (i32.const 16) (i32.const 10) (f64.const 60))
    (call $answer))
