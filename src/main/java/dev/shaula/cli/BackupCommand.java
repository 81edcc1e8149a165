package dev.shaula.cli;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

@Command(
        name = "backup",
        mixinStandardHelpOptions = true,
        description = "Back up one collection, or all of them and the aliases, beside writes and searches.")
final class BackupCommand implements Callable<Integer> {
    @Spec
    private CommandSpec spec = CommandSpec.create();

    @Mixin
    private ServerOptions server = new ServerOptions();

    @Option(names = "--collection", paramLabel = "NAME", description = "Back up this collection only.")
    private @Nullable String collection;

    @Option(names = "--name", paramLabel = "NAME", description = "Name of the backup (default: made of the time).")
    private @Nullable String name;

    @Override
    public Integer call() {
        Map<String, @Nullable Object> request = new LinkedHashMap<>();
        request.put("collection", collection);
        request.put("name", name);
        try (ServiceClient client = server.client()) {
            Map<String, @Nullable Object> backup = client.post("/admin/backup", request);
            spec.commandLine()
                    .getOut()
                    .println("backup \"" + backup.get("name") + "\" complete: " + BackupsCommand.summary(backup));
            return 0;
        }
    }
}
