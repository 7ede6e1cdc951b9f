;; adapter
;; Twenty thousand fields, all with one and the same path of 64 KB.
  (func (export "hushgate:plugin/adapter@0.1.0#configure") (param i32 i32) (result i32)
    (i32.const 0))
  (func (export "hushgate:plugin/adapter@0.1.0#decode")
    (param i32 i32 i32 i32 i32 i64 i32 i32) (result i32)
    (local $left i32)
    (local.set $left (i32.const 20000))
    (loop $again
      (call $field (i32.const 131072) (i32.const 64000) (f64.const 1))
      (br_if $again (local.tee $left (i32.sub (local.get $left) (i32.const 1)))))
    (call $answer))
