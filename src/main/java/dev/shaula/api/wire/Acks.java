package dev.shaula.api.wire;

import dev.shaula.model.Ack;
import dev.shaula.model.VectorDbException;

/** The wire names of {@link Ack}. */
public final class Acks {
    private Acks() {}

    /** The level of a wire name. @throws VectorDbException (invalid) unless {@code name} is {@code durable} or {@code indexed} */
    public static Ack of(String name) {
        return switch (name) {
            case "durable" -> Ack.DURABLE;
            case "indexed" -> Ack.INDEXED;
            default ->
                throw VectorDbException.invalid(
                        "ack: expected \"durable\" or \"indexed\", got \"" + Text.shortened(name) + "\"");
        };
    }
}
