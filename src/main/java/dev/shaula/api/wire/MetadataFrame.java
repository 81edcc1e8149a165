package dev.shaula.api.wire;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonFactoryBuilder;
import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.StreamWriteFeature;
import com.fasterxml.jackson.core.exc.StreamWriteException;
import dev.shaula.model.Limits;
import dev.shaula.model.Metadata;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import org.jspecify.annotations.Nullable;

/**
 * A metadata object, copied token by token into compact JSON; numbers keep the digits they were written with. A name
 * that occurs twice in one object is refused: a filter and a client could read it differently.
 *
 * <p>One frame and one generator serve all objects of a request.
 */
final class MetadataFrame extends Frame {
    private static final JsonFactory FACTORY = new JsonFactoryBuilder()
            .enable(StreamWriteFeature.STRICT_DUPLICATE_DETECTION)
            .rootValueSeparator("")
            .build();
    private static final int CHECK_EVERY = 1_024;

    private final ByteArrayOutputStream bytes = new ByteArrayOutputStream(256);
    private final JsonGenerator json;
    private int depth;
    private int sinceCheck;
    private String name = "";
    private Metadata last = Metadata.EMPTY;

    MetadataFrame() {
        try {
            json = FACTORY.createGenerator(bytes);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Starts a new object. */
    MetadataFrame restart() throws IOException {
        bytes.reset();
        depth = 1;
        name = "";
        json.writeStartObject();
        return this;
    }

    /** The finished object. */
    Metadata take() {
        Metadata taken = last;
        last = Metadata.EMPTY;
        return taken;
    }

    long heapBytes() {
        return bytes.size();
    }

    @Override
    void name(String newName, JsonPush in) throws IOException {
        if (depth == 1) {
            name = newName;
        }
        if (Text.utf8Length(newName) < 0) {
            throw in.refuse("expected a name of whole characters, got half a surrogate pair");
        }
        try {
            json.writeFieldName(newName);
        } catch (StreamWriteException e) {
            throw in.refuse("the name \"" + Text.shortened(newName) + "\" occurs twice in one object");
        }
        sinceCheck += newName.length();
    }

    @Override
    @Nullable
    Frame value(JsonToken token, JsonPush in) throws IOException {
        switch (token) {
            case START_OBJECT -> json.writeStartObject();
            case START_ARRAY -> json.writeStartArray();
            case VALUE_STRING -> writeString(in);
            case VALUE_NUMBER_INT, VALUE_NUMBER_FLOAT -> json.writeNumber(in.rawText());
            case VALUE_TRUE -> json.writeBoolean(true);
            case VALUE_FALSE -> json.writeBoolean(false);
            default -> json.writeNull();
        }
        if (++sinceCheck >= CHECK_EVERY) {
            checkSize(in);
        }
        return token.isStructStart() ? deeper(in) : null;
    }

    private void writeString(JsonPush in) throws IOException {
        String text = in.rawText();
        if (Text.utf8Length(text) < 0) {
            throw in.refuse("expected text of whole characters, got half a surrogate pair");
        }
        json.writeString(text);
        sinceCheck += text.length();
    }

    private Frame deeper(JsonPush in) {
        if (++depth > Limits.MAX_DEPTH) {
            throw in.refuse("expected at most " + Limits.MAX_DEPTH + " levels of nesting, got more");
        }
        return this;
    }

    @Override
    void end(JsonPush in) throws IOException {
        if (json.getOutputContext().inObject()) {
            json.writeEndObject();
        } else {
            json.writeEndArray();
        }
        if (--depth == 0) {
            checkSize(in);
            last = Metadata.ofJson(bytes.toByteArray());
        }
    }

    private void checkSize(JsonPush in) throws IOException {
        sinceCheck = 0;
        json.flush();
        if (bytes.size() > Limits.MAX_METADATA_BYTES) {
            throw in.refuse("expected at most " + Limits.MAX_METADATA_BYTES + " bytes of metadata, got more");
        }
    }

    @Override
    void appendPlace(StringBuilder path) {
        path.append(depth <= 1 ? "." + Text.shortened(name) : "");
    }
}
