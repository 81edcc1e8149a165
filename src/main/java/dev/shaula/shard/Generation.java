package dev.shaula.shard;

/**
 * The rows of a shard from one dropping of dead rows to the next. Counts who reads them, so that their memory is given
 * back as soon as nobody does: the collector would free it too, but an idle process may not collect for hours.
 * Thread-safe.
 */
final class Generation extends Readers {
    private final int number;

    Generation(int number) {
        this.number = number;
    }

    /** 0 for the first of a shard. */
    int number() {
        return number;
    }

    @Override
    public String toString() {
        return "generation " + number;
    }
}
