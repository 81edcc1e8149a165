package dev.shaula.cli;

import java.io.IOException;
import java.util.Optional;
import java.util.jar.Attributes;
import java.util.jar.JarFile;
import picocli.CommandLine.Command;
import picocli.CommandLine.IVersionProvider;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

@Command(
        name = "version",
        mixinStandardHelpOptions = true,
        description = "Print the version of this program and of the Java that runs it.")
final class VersionCommand implements Runnable {
    @Spec
    private CommandSpec spec = CommandSpec.create();

    @Override
    public void run() {
        for (String line : new Provider().getVersion()) {
            spec.commandLine().getOut().println(line);
        }
    }

    /** Reads the version that the build wrote into the manifest of the jar. */
    static final class Provider implements IVersionProvider {
        @Override
        public String[] getVersion() {
            return new String[] {
                "shaula " + versionOfJar().orElse("(development build)"),
                "Java " + Runtime.version() + ", " + System.getProperty("os.name") + " " + System.getProperty("os.arch")
            };
        }

        /** The runner jar is the whole class path of a packaged program; its own classes are loaded from elsewhere. */
        private static Optional<String> versionOfJar() {
            try (JarFile jar = new JarFile(System.getProperty("java.class.path", ""))) {
                return Optional.ofNullable(jar.getManifest())
                        .map(m -> m.getMainAttributes().getValue(Attributes.Name.IMPLEMENTATION_VERSION));
            } catch (IOException e) {
                return Optional.empty(); // not run from one jar
            }
        }
    }
}
