;; adapter
;; One field more than a reading may have.
  (func (export "hushgate:plugin/adapter@0.1.0#configure") (param i32 i32) (result i32)
    (i32.const 0))
  (func (export "hushgate:plugin/adapter@0.1.0#decode")
    (param i32 i32 i32 i32 i32 i64 i32 i32) (result i32)
    (local $left i32)
    (local.set $left (i32.const 257))
    (loop $again
      (call $field (i32.const 16) (i32.const 10) (f64.const 60))
      (br_if $again (local.tee $left (i32.sub (local.get $left) (i32.const 1)))))
    (call $answer))
