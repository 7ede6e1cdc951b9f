;; component
;; Wants the time of day, as components built for WASI do.
(component
  (import "wasi:clocks/wall-clock@0.2.0" (instance (export "resolution" (func (result u64))))))
