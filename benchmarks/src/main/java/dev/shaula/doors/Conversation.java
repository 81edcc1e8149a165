package dev.shaula.doors;

import java.nio.ByteBuffer;

/** One connection's side of a protocol: one question under way at a time. For one thread. */
interface Conversation {
    /** Bytes that begin the connection, before the first question. */
    byte[] hello();

    /** Whether the server's part of the beginning has arrived, so that questions may be asked. */
    boolean ready();

    /** Appends the bytes of a question to {@code out}; {@code encoded} is left as it is. */
    void ask(ByteBuffer encoded, ByteBuffer out);

    /**
     * Takes whole units of the protocol out of {@code in} (between position and limit) and leaves the rest. What the
     * protocol itself has to be answered with goes to {@code out}.
     *
     * @return whether the answer to the question under way is complete
     * @throws IllegalStateException if the server refuses the question or speaks another protocol
     */
    boolean take(ByteBuffer in, ByteBuffer out);

    /** The body of the last complete answer, until the next call of {@link #take}. */
    ByteBuffer answer();
}
