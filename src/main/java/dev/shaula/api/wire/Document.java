package dev.shaula.api.wire;

/**
 * A request body that is read as it arrives: any number of {@link #feed} calls, then {@link #finish}; {@link #close}
 * unless finished. Not thread-safe.
 *
 * @param <T> what the body means
 */
public interface Document<T> {
    /**
     * Takes the bytes {@code [start, end)}; the array is free again on return.
     *
     * @throws dev.shaula.model.VectorDbException (invalid) naming the place in the document, what was expected and what
     *     came
     */
    void feed(byte[] bytes, int start, int end);

    /** No byte follows. @throws dev.shaula.model.VectorDbException (invalid) as {@link #feed}, and if something is missing */
    T finish();

    /** Gives back buffers of a document that will not be finished; harmless otherwise. */
    void close();

    /** Heap that the part read so far holds, in bytes, near enough for a budget. */
    long heapBytes();
}
