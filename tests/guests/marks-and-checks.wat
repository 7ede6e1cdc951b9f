;; minimizer
;; Of two stages with this component the first writes its own mark over the value, the second crashes if it is
;; another's mark. A test changes the mark.
  (data (i32.const 4000) "MARK=1")
  (func (export "hushgate:plugin/minimizer@0.1.0#configure") (param i32 i32) (result i32)
    (i32.const 0))
  (func (export "hushgate:plugin/minimizer@0.1.0#minimize")
    (param i32 i32 i32 i64 i32 i32) (result i32)
    (local $field i32) (local $mark f64)
    (local.set $field (i32.load offset=24 (local.get 4)))
    (local.set $mark
      (f64.convert_i32_u (i32.sub (i32.load8_u (i32.const 4005)) (i32.const 48))))
    (if (f64.ge (f64.load offset=16 (local.get $field)) (f64.const 30))
      (then (f64.store offset=16 (local.get $field) (local.get $mark)))
      (else
        (if (f64.ne (f64.load offset=16 (local.get $field)) (local.get $mark))
          (then unreachable))))
    (i32.store (i32.const 5016) (local.get 4))
    (i32.store (i32.const 5020) (local.get 5))
    (i32.const 5000))
