package dev.shaula.model;

/** What must be so for a point to be written. */
public sealed interface Precondition {
    Precondition NONE = new None();
    Precondition ABSENT = new Absent();
    Precondition PRESENT = new Present();

    /**
     * Whether it is so.
     *
     * @param version of the point that is there, {@link Point#NO_VERSION} if there is none
     */
    boolean holds(long version);

    /** Nothing must be so. */
    record None() implements Precondition {
        @Override
        public boolean holds(long version) {
            return true;
        }
    }

    /** There is no point with this id. */
    record Absent() implements Precondition {
        @Override
        public boolean holds(long version) {
            return version == Point.NO_VERSION;
        }
    }

    /** There is a point with this id. */
    record Present() implements Precondition {
        @Override
        public boolean holds(long version) {
            return version != Point.NO_VERSION;
        }
    }

    /** There is a point with this id, and it has this version. */
    record Version(long wanted) implements Precondition {
        @Override
        public boolean holds(long version) {
            return version == wanted;
        }
    }
}
