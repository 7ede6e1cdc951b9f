;; The component around the compiled C: wit/policy.wit in WebAssembly's own text format. It imports types and the
;; log, and nothing else.
(component
  ;; wit/types.wit, as far as this kind of plugin uses it.
  (import "hushgate:plugin/types@0.1.0" (instance $types
    (type $scalar0 (variant
      (case "flag" bool) (case "int" s64) (case "real" f64) (case "text" string) (case "blob" (list u8))))
    (export "scalar" (type $scalar (eq $scalar0)))
    (type $config-error0 (variant (case "missing" string) (case "invalid" (tuple string string))))
    (export "config-error" (type $config-error (eq $config-error0)))
  ))
  (alias export $types "scalar" (type $scalar))
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
  (type $field-view (record
    (field "path" string) (field "unit" (option string)) (field "value" (option $scalar))))
  (type $request (record
    (field "device" string)
    (field "subjects" (list string))
    (field "purpose" string)
    (field "recipient" string)
    (field "now-ms" u64)
    (field "fields" (list $field-view))))
  (type $obligation (variant
    (case "keep" (list string))
    (case "drop" (list string))
    (case "coarsen" (tuple string f64))
    (case "pseudonymise" string)
    (case "noise" (tuple string f64))
    (case "delay" u32)
    (case "pad-to" u32)))
  (type $verdict (variant
    (case "release" (list $obligation))
    (case "withhold" string)
    (case "hold-until" u64)
    (case "need-consent" string)))
  (func $evaluate
    (param "request" $request)
    (result (result $verdict (error string)))
    (canon lift (core func $plugin "evaluate")
      (memory $shared) (realloc $realloc) (post-return $done)))
  (instance $policy
    (export "field-view" (type $field-view))
    (export "request" (type $request))
    (export "obligation" (type $obligation))
    (export "verdict" (type $verdict))
    (export "configure" (func $configure))
    (export "evaluate" (func $evaluate))
  )
  (export "hushgate:plugin/policy@0.1.0" (instance $policy))
)
