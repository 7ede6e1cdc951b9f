;; The component around the compiled C: wit/adapter.wit in WebAssembly's own text format. It imports types and the
;; log, and nothing else.
(component
  ;; wit/types.wit, as far as this kind of plugin uses it.
  (import "hushgate:plugin/types@0.1.0" (instance $types
    (type $frame0 (record
      (field "channel" string)
      (field "content-type" (option string))
      (field "received-ms" u64)
      (field "body" (list u8))))
    (export "frame" (type $frame (eq $frame0)))
    (type $scalar0 (variant
      (case "flag" bool) (case "int" s64) (case "real" f64) (case "text" string) (case "blob" (list u8))))
    (export "scalar" (type $scalar (eq $scalar0)))
    (type $field0 (record (field "path" string) (field "value" $scalar) (field "unit" (option string))))
    (export "field" (type $field (eq $field0)))
    (type $reading0 (record
      (field "kind" string) (field "at-ms" (option u64)) (field "fields" (list $field))))
    (export "reading" (type $reading (eq $reading0)))
    (type $config-error0 (variant (case "missing" string) (case "invalid" (tuple string string))))
    (export "config-error" (type $config-error (eq $config-error0)))
  ))
  (alias export $types "frame" (type $frame))
  (alias export $types "reading" (type $reading))
  (alias export $types "config-error" (type $config-error))

  (import "hushgate:plugin/log@0.1.0" (instance $log
    (type $level0 (enum "debug" "info" "warn"))
    (export "level" (type $level (eq $level0)))
    (export "write" (func (param "level" $level) (param "line" string)))
  ))

  ;; One memory for the C and the log, 16 pages of 64 KiB at first.
  (core module $memory (memory (export "memory") 16))
  (core instance $memory (instantiate $memory))
  (alias core export $memory "memory" (core memory $shared))
  (core func $log (canon lower (func $log "write") (memory $shared)))

  ;; component.py puts the compiled C here.
  (core module $plugin)
  (core instance $plugin (instantiate $plugin
    (with "env" (instance (export "memory" (memory $shared))))
    (with "hushgate" (instance (export "log" (func $log))))
  ))
  (alias core export $plugin "realloc" (core func $realloc))
  (alias core export $plugin "done" (core func $done))

  ;; The functions that the gateway calls.
  (func $configure (param "json" string) (result (result (error $config-error)))
    (canon lift (core func $plugin "configure")
      (memory $shared) (realloc $realloc) (post-return $done)))
  (type $decode-error (variant (case "not-mine") (case "malformed" string) (case "unsupported" string)))
  (func $decode
    (param "frame" $frame)
    (result (result (list $reading) (error $decode-error)))
    (canon lift (core func $plugin "decode")
      (memory $shared) (realloc $realloc) (post-return $done)))
  (instance $adapter
    (export "decode-error" (type $decode-error))
    (export "configure" (func $configure))
    (export "decode" (func $decode))
  )
  (export "hushgate:plugin/adapter@0.1.0" (instance $adapter))
)
