;; adapter
;; A list that lies outside of its memory.
  (func (export "hushgate:plugin/adapter@0.1.0#configure") (param i32 i32) (result i32)
    (i32.const 0))
  (func (export "hushgate:plugin/adapter@0.1.0#decode")
    (param i32 i32 i32 i32 i32 i64 i32 i32) (result i32)
    (i32.store (i32.const 1028) (i32.const 0x7fffffff))
    (i32.store (i32.const 1032) (i32.const 9))
    (i32.const 1024))
