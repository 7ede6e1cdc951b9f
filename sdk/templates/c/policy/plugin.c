// Lets nothing leave between 22:00 and 06:00 UTC.

#include "glue/policy.h"

static const uint64_t HOUR_MS = 3600000;

struct config_answer configure(struct text json) {
    return accept_no_settings(json);
}

struct evaluate_answer evaluate(struct request request) {
    uint64_t hour = request.now_ms / HOUR_MS % 24;
    struct verdict verdict = {RELEASE, .release = {NULL, 0}};
    if (hour < 6 || hour >= 22) {
        verdict = (struct verdict){WITHHOLD, .withhold = TEXT("outside 06:00 to 22:00 UTC")};
    }
    return (struct evaluate_answer){false, .verdict = verdict};
}
