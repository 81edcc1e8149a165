package dev.shaula.api.wire;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonFactoryBuilder;
import com.fasterxml.jackson.core.JsonLocation;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.core.async.ByteArrayFeeder;
import dev.shaula.model.Limits;
import dev.shaula.model.VectorDbException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Deque;
import java.util.Iterator;
import org.jspecify.annotations.Nullable;

/**
 * Pushes JSON bytes, in pieces of any size, through a stack of {@link Frame}s. What it keeps between two pieces is the
 * place in the document and one incomplete token, never the text. Not thread-safe: one request, one event loop.
 */
final class JsonPush {
    /** A string has to fit before it can be measured and refused; ids end at 1 KiB, metadata at 64 KiB. */
    private static final int MAX_STRING = 1 << 20;

    private static final int MAX_NUMBER = 1_000;
    private static final int MAX_NESTING = 4 * Limits.MAX_DEPTH;

    private static final JsonFactory FACTORY = new JsonFactoryBuilder()
            .enable(StreamReadFeature.USE_FAST_DOUBLE_PARSER)
            .enable(StreamReadFeature.USE_FAST_BIG_NUMBER_PARSER)
            .disable(StreamReadFeature.INCLUDE_SOURCE_IN_LOCATION)
            // Field names come from strangers: interning them would fill the JVM's own string table.
            .disable(JsonFactory.Feature.INTERN_FIELD_NAMES)
            .streamReadConstraints(StreamReadConstraints.builder()
                    .maxStringLength(MAX_STRING)
                    .maxNameLength(MAX_STRING)
                    .maxNumberLength(MAX_NUMBER)
                    .maxNestingDepth(MAX_NESTING)
                    .build())
            .build();

    private final JsonParser parser;
    private final ByteArrayFeeder feeder;
    private final Deque<Frame> open = new ArrayDeque<>();
    private Frame top;
    /** Reads the list of numbers that is open, in place of the parser; null if none is. */
    private @Nullable NumberList numbers;

    private boolean vectorOpened;
    /** Bytes of line {@link #unseenLine} that the parser has not seen, so that columns are true. */
    private int unseenColumns;

    private int unseenLine;

    JsonPush(Frame root) {
        top = root;
        try {
            parser = FACTORY.createNonBlockingByteArrayParser();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        feeder = (ByteArrayFeeder) parser.getNonBlockingInputFeeder();
    }

    /**
     * Takes the bytes {@code [start, end)}; they are free again on return.
     *
     * @throws VectorDbException (invalid) on broken JSON or a value that a frame refuses, naming its place
     */
    void feed(byte[] bytes, int start, int end) {
        try {
            for (int at = start; at < end; ) {
                at = numbers == null ? feedToList(bytes, at, end) : feedNumbers(numbers, bytes, at, end);
            }
        } catch (IOException | IllegalStateException | NumberFormatException e) {
            throw broken(e);
        }
    }

    /** Says that no byte follows. @throws VectorDbException (invalid) if the document is not complete */
    void finish() {
        try {
            if (numbers != null) {
                numbers.end();
                leaveNumbers(numbers);
            }
            feeder.endOfInput();
            drain();
        } catch (IOException | IllegalStateException | NumberFormatException e) {
            throw broken(e);
        } finally {
            close();
        }
    }

    /** Gives back the parser's buffers; may be called more than once. */
    void close() {
        try {
            parser.close();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Feeds the parser as far as the next bracket, behind which a list of numbers may begin. */
    private int feedToList(byte[] bytes, int start, int end) throws IOException {
        int at = start;
        while (at < end && bytes[at] != '[') {
            at++;
        }
        int stop = Math.min(at + 1, end);
        feeder.feedInput(bytes, start, stop);
        vectorOpened = false;
        drain();
        if (vectorOpened && top instanceof VectorFrame vector) {
            numbers = vector.numbers();
            numbers.begin();
        }
        return stop;
    }

    private int feedNumbers(NumberList list, byte[] bytes, int start, int end) throws IOException {
        int at = list.scan(bytes, start, end);
        if (!list.isOpen()) {
            leaveNumbers(list);
        }
        return at;
    }

    /** The parser, which saw an empty list so far, goes on; it keeps count of lines, we of what it did not see. */
    private void leaveNumbers(NumberList list) throws IOException {
        numbers = null;
        if (list.newlines() > 0) {
            byte[] lines = new byte[list.newlines()];
            Arrays.fill(lines, (byte) '\n');
            push(lines);
        }
        push(list.unread());
        int line = parser.currentLocation().getLineNr();
        unseenColumns = list.column() + (line == unseenLine && list.newlines() == 0 ? unseenColumns : 0);
        unseenLine = line;
    }

    private void push(byte[] bytes) throws IOException {
        if (bytes.length > 0) {
            feeder.feedInput(bytes, 0, bytes.length);
            drain();
        }
    }

    private void drain() throws IOException {
        for (JsonToken token = parser.nextToken();
                token != null && token != JsonToken.NOT_AVAILABLE;
                token = parser.nextToken()) {
            take(token);
        }
    }

    private void take(JsonToken token) throws IOException {
        switch (token) {
            case FIELD_NAME -> top.name(parser.currentName(), this);
            case END_OBJECT, END_ARRAY -> {
                top.end(this);
                top = open.pop();
            }
            default -> {
                Frame inside = top.value(token, this);
                vectorOpened = token == JsonToken.START_ARRAY;
                if (token.isStructStart()) {
                    open.push(top);
                    top = inside == null ? SkipFrame.INSTANCE : inside;
                }
            }
        }
    }

    /** For an unknown field: takes a scalar, or whatever is inside. */
    @Nullable
    Frame skip(JsonToken token) {
        return token.isStructStart() ? SkipFrame.INSTANCE : null;
    }

    String string(JsonToken token) throws IOException {
        if (token != JsonToken.VALUE_STRING) {
            throw expected("a string", token);
        }
        return parser.getText();
    }

    boolean bool(JsonToken token) throws IOException {
        if (!token.isBoolean()) {
            throw expected("true or false", token);
        }
        return token == JsonToken.VALUE_TRUE;
    }

    /** A whole number; {@code 10.0} counts as one. */
    int integer(JsonToken token) throws IOException {
        if (token.isNumeric()) {
            double value = parser.getDoubleValue();
            if (value == Math.rint(value) && Math.abs(value) <= Integer.MAX_VALUE) {
                return (int) value;
            }
        }
        throw expected("a whole number", token);
    }

    double number(JsonToken token) throws IOException {
        if (token.isNumeric()) {
            double value = parser.getDoubleValue();
            if (Double.isFinite(value)) {
                return value;
            }
        }
        throw expected("a finite number", token);
    }

    /** An element of a vector. */
    float float32(JsonToken token) throws IOException {
        if (token.isNumeric()) {
            float value = parser.getFloatValue();
            if (Float.isFinite(value)) {
                return value;
            }
        }
        throw expected("a finite number", token);
    }

    /** The frame of an array, if the value is one. */
    Frame array(JsonToken token, Frame frame, String what) throws IOException {
        if (token != JsonToken.START_ARRAY) {
            throw expected(what, token);
        }
        return frame;
    }

    /** The frame of an object, if the value is one. */
    Frame object(JsonToken token, Frame frame, String what) throws IOException {
        if (token != JsonToken.START_OBJECT) {
            throw expected(what, token);
        }
        return frame;
    }

    /** The text of the current scalar as it was written. */
    String rawText() throws IOException {
        return parser.getText();
    }

    /** Line of the current token, from 1. */
    int line() {
        return parser.currentTokenLocation().getLineNr();
    }

    /** Line that the parser stands in, for what is broken before it becomes a token. */
    int currentLine() {
        return parser.currentLocation().getLineNr();
    }

    /** Refusal of the current value: its place, {@code what} was expected, and what came. */
    VectorDbException expected(String what, JsonToken token) throws IOException {
        return refuse("expected " + what + ", got " + describe(token));
    }

    /** Refusal of the current value with its place. */
    VectorDbException refuse(String problem) {
        return VectorDbException.invalid(place(true) + ": " + problem);
    }

    /** Place of the object or array whose inside is being read: {@code vectors[3]}, empty at the top of the document. */
    String placeOfFrame() {
        return place(false);
    }

    private String place(boolean withTop) {
        StringBuilder path = new StringBuilder();
        for (Iterator<Frame> frames = open.descendingIterator(); frames.hasNext(); ) {
            frames.next().appendPlace(path);
        }
        if (withTop) {
            top.appendPlace(path);
        }
        return withTop && path.isEmpty() ? "body" : path.toString();
    }

    private String describe(JsonToken token) throws IOException {
        return switch (token) {
            case START_OBJECT -> "an object";
            case START_ARRAY -> "a list";
            case VALUE_STRING -> "\"" + Text.shortened(parser.getText()) + "\"";
            default -> Text.shortened(parser.getText());
        };
    }

    private VectorDbException broken(Exception e) {
        close();
        String why = e instanceof JsonProcessingException json ? json.getOriginalMessage() : e.getMessage();
        var at = parser.currentLocation();
        String place = place(false); // of what is open: the broken value has no place yet
        return VectorDbException.invalid("%s: broken JSON at line %d, column %d: %s"
                .formatted(place.isEmpty() ? "body" : place, at.getLineNr(), column(at), tidy(why)));
    }

    private int column(JsonLocation at) {
        return at.getColumnNr() + (at.getLineNr() == unseenLine ? unseenColumns : 0);
    }

    /** The parser's words in one line, without what speaks of its own settings and sources. */
    private static String tidy(@Nullable String text) {
        return text == null
                ? "not JSON"
                : text.replaceAll("\\s*\\R\\s*", " ")
                        .replaceAll(" \\(((start marker|for \\w+ starting) at|`).*|: enable `.*", "");
    }
}
