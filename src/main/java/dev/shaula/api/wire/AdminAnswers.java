package dev.shaula.api.wire;

import dev.shaula.collection.Backups;
import dev.shaula.model.CollectionInfo;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** The bodies of answers about backups and aliases. Each body is whole when it is returned. Any thread. */
public final class AdminAnswers {
    private static final int BYTES_PER_ITEM = 256;

    private AdminAnswers() {}

    public static byte[] backedUp(Backups.Info info) {
        JsonWriter out = new JsonWriter(BYTES_PER_ITEM).openObject().field("success", true);
        describe(out, info);
        return out.closeObject().toBytes();
    }

    public static byte[] backups(List<Backups.Info> infos) {
        JsonWriter out = new JsonWriter(BYTES_PER_ITEM * (infos.size() + 1)).openObject();
        out.name("backups").openArray();
        for (Backups.Info info : infos) {
            describe(out.openObject(), info);
            out.closeObject();
        }
        return out.closeArray().field("count", infos.size()).closeObject().toBytes();
    }

    private static void describe(JsonWriter out, Backups.Info info) {
        out.field("name", info.name());
        out.field("status", info.status().name().toLowerCase(Locale.ROOT));
        out.field("created_at", info.createdAt().toString()).field("bytes", info.bytes());
        out.name("collections").openArray();
        for (Backups.Part part : info.collections()) {
            out.openObject().field("name", part.collection()).name("sequences").openArray();
            part.sequences().forEach(out::value);
            out.closeArray().closeObject();
        }
        out.closeArray();
        String error = info.error();
        if (error != null) {
            out.field("error", error);
        }
    }

    public static byte[] restored(List<CollectionInfo> infos) {
        JsonWriter out =
                new JsonWriter(BYTES_PER_ITEM * (infos.size() + 1)).openObject().field("success", true);
        out.name("collections").openArray();
        for (CollectionInfo info : infos) {
            out.openObject().field("name", info.config().name());
            out.field("vector_count", info.vectorCount()).closeObject();
        }
        return out.closeArray().closeObject().toBytes();
    }

    public static byte[] aliasSet(String alias, String collection) {
        JsonWriter out = new JsonWriter(BYTES_PER_ITEM).openObject().field("success", true);
        return out.field("alias", alias)
                .field("collection", collection)
                .closeObject()
                .toBytes();
    }

    public static byte[] aliases(Map<String, String> aliases) {
        JsonWriter out = new JsonWriter(64 * (aliases.size() + 1)).openObject();
        out.name("aliases").openArray();
        aliases.forEach((alias, collection) -> out.openObject()
                .field("alias", alias)
                .field("collection", collection)
                .closeObject());
        return out.closeArray().field("count", aliases.size()).closeObject().toBytes();
    }
}
