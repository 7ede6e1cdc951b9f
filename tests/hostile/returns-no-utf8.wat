;; adapter
;; A path that is no text.
  (data (i32.const 4096) "\ff\fe\c0\80")
  (func (export "hushgate:plugin/adapter@0.1.0#configure") (param i32 i32) (result i32)
    (i32.const 0))
  (func (export "hushgate:plugin/adapter@0.1.0#decode")
    (param i32 i32 i32 i32 i32 i64 i32 i32) (result i32)
    (call $field (i32.const 4096) (i32.const 4) (f64.const 60))
    (call $answer))
