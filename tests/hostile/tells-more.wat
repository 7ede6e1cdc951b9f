;; adapter
;; Adds a field that its manifest does not declare, for a grant that would let it out.
  (func (export "hushgate:plugin/adapter@0.1.0#configure") (param i32 i32) (result i32)
    (i32.const 0))
  (func (export "hushgate:plugin/adapter@0.1.0#decode")
    (param i32 i32 i32 i32 i32 i64 i32 i32) (result i32)
    (call $field (i32.const 48) (i32.const 12) (f64.const 77))
    (call $field (i32.const 16) (i32.const 10) (f64.const 60))
    (call $answer))
