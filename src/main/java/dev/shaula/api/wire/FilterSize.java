package dev.shaula.api.wire;

import dev.shaula.model.Limits;

/** How large the filter being read has become; what would exceed a limit is refused where it stands. */
final class FilterSize {
    private int count;
    private int depth;

    void restart() {
        count = 0;
        depth = 0;
    }

    /** Conditions so far, each operator and each value of a list counted. */
    int count() {
        return count;
    }

    void countOne(JsonPush in) {
        if (++count > Limits.MAX_FILTER_CONDITIONS) {
            throw in.refuse("expected at most " + Limits.MAX_FILTER_CONDITIONS + " conditions in a filter, got more");
        }
    }

    /** Goes one level down. */
    void enter(JsonPush in) {
        countOne(in);
        if (++depth > Limits.MAX_DEPTH) {
            throw in.refuse("expected at most " + Limits.MAX_DEPTH + " levels of $and, $or and $not, got more");
        }
    }

    void leave() {
        depth--;
    }
}
