package dev.shaula.cli;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

@Command(
        name = "restore",
        mixinStandardHelpOptions = true,
        description = "Make collections from a backup, once every byte of it is verified.")
final class RestoreCommand implements Callable<Integer> {
    @Spec
    private CommandSpec spec = CommandSpec.create();

    @Mixin
    private ServerOptions server = new ServerOptions();

    @Parameters(paramLabel = "BACKUP", description = "The name of the backup.")
    private String backup = "";

    @Option(
            names = "--collection",
            paramLabel = "NAME",
            description = "Restore this collection only (default: all in the backup, and its aliases).")
    private @Nullable String collection;

    @Option(names = "--as", paramLabel = "NAME", description = "Name of the new collection (default: its old one).")
    private @Nullable String as;

    @Override
    public Integer call() {
        Map<String, @Nullable Object> request = new LinkedHashMap<>();
        request.put("backup", backup);
        request.put("collection", collection);
        request.put("as", as);
        try (ServiceClient client = server.client()) {
            Map<String, @Nullable Object> answer = client.post("/admin/restore", request);
            if (answer.get("collections") instanceof List<?> made) {
                made.forEach(this::print);
            }
            return 0;
        }
    }

    private void print(Object collection) {
        if (collection instanceof Map<?, ?> c) {
            spec.commandLine()
                    .getOut()
                    .println("collection \"" + c.get("name") + "\" restored, with " + c.get("vector_count")
                            + " vectors");
        }
    }
}
