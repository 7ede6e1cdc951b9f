;; policy
;; Withholds if it is told the value of the first field.
  (data (i32.const 3008) "\01")
  (func (export "hushgate:plugin/policy@0.1.0#configure") (param i32 i32) (result i32)
    (i32.const 0))
  (func (export "hushgate:plugin/policy@0.1.0#evaluate")
    (param i32 i32 i32 i32 i32 i32 i32 i32 i64 i32 i32) (result i32)
    (if (result i32) (i32.load8_u offset=24 (local.get 9))
      (then (i32.const 3000))
      (else (i32.const 6000))))
