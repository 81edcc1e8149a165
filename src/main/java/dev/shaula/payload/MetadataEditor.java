package dev.shaula.payload;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import dev.shaula.model.Metadata;
import dev.shaula.model.MetadataChange;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Applies a {@link MetadataChange} to metadata after metadata. The bytes of what stays are copied, not written anew, so
 * numbers keep their digits. Immutable; any thread may call it.
 */
public final class MetadataEditor {
    private static final JsonFactory JSON = MetadataWalk.JSON;

    private final MetadataChange change;
    private final Set<String> deleted;
    /** What is set, by key, in the order of the change. */
    private final Map<String, byte[]> set = new LinkedHashMap<>();

    /** A key and its value as they stand: {@code "key":value}. */
    private record Member(String key, byte[] json) {}

    public MetadataEditor(MetadataChange change) {
        this.change = change;
        this.deleted = Set.copyOf(change.delete());
        members(change.set()).forEach(member -> set.put(member.key, member.json));
    }

    public MetadataChange change() {
        return change;
    }

    /** What becomes of {@code before}: a key that is set keeps its place, or comes behind what is there. */
    public Metadata apply(Metadata before) {
        Map<String, byte[]> members = new LinkedHashMap<>();
        if (!change.replace() && !before.isEmpty()) {
            for (Member member : members(before)) {
                if (!deleted.contains(member.key) || set.containsKey(member.key)) {
                    members.put(member.key, member.json);
                }
            }
        }
        members.putAll(set);
        if (members.isEmpty()) {
            return Metadata.EMPTY;
        }
        ByteArrayOutputStream json =
                new ByteArrayOutputStream(before.json().length + change.set().json().length);
        for (byte[] member : members.values()) {
            json.write(json.size() == 0 ? '{' : ',');
            json.writeBytes(member);
        }
        json.write('}');
        return Metadata.ofJson(json.toByteArray());
    }

    /** The members of the outer object, in their order. */
    private static List<Member> members(Metadata metadata) {
        byte[] json = metadata.json();
        List<Member> members = new ArrayList<>();
        try (JsonParser parser = JSON.createParser(json)) {
            parser.nextToken();
            while (parser.nextToken() == JsonToken.FIELD_NAME) {
                String key = parser.currentName();
                int from = (int) parser.currentTokenLocation().getByteOffset();
                parser.nextToken();
                parser.skipChildren();
                parser.finishToken();
                int to = (int) parser.currentLocation().getByteOffset();
                members.add(new Member(key, Arrays.copyOfRange(json, from, to)));
            }
            return members;
        } catch (IOException e) {
            throw new IllegalArgumentException("metadata: expected a JSON object", e);
        }
    }
}
