package io.finback.cli.check;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigRenderOptions;
import com.typesafe.config.ConfigValue;
import com.typesafe.config.ConfigValueFactory;
import com.typesafe.config.ConfigValueType;
import io.finback.runtime.StartFailure;
import io.finback.runtime.Version;
import io.finback.settings.HttpListen;
import io.finback.settings.NodeConfig;
import java.io.IOException;
import java.io.OutputStream;
import java.io.RandomAccessFile;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.Function;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;

/**
 * What somebody who helps from afar needs of one node, in one zip file: findings, settings, members, metrics, the end of the log. Neither
 * tasks nor apps are in it, whose environments may hold anything; settings whose name says that they are secret are left out.
 */
public final class SupportBundle {
    private static final long LOG_END = 4L * 1024 * 1024;
    private static final List<String> SECRET =
            List.of("password", "secret", "token", "credential", "private-key", "passphrase");

    private final Function<Config, Map<String, HttpListen>> listeners;

    public SupportBundle(Function<Config, Map<String, HttpListen>> listeners) {
        this.listeners = listeners;
    }

    /**
     * Writes it, over whatever was there. Returns the names of what is in it. What cannot be had is left out; only a file that cannot be
     * written is an error.
     */
    public List<String> write(Path file, NodeConfig wishes, List<Finding> findings) throws IOException {
        List<String> names = new ArrayList<>();
        try (OutputStream out = Files.newOutputStream(file);
                ZipOutputStream zip = new ZipOutputStream(out, StandardCharsets.UTF_8)) {
            StringBuilder check = new StringBuilder();
            findings.forEach(finding -> check.append(finding.shown()).append('\n'));
            names.add(put(zip, "check.txt", check.toString()));
            names.add(put(zip, "program.txt", program()));
            Config config;
            Web web;
            try {
                config = wishes.load();
                web = Web.of(config);
            } catch (StartFailure e) {
                return names;
            }
            names.add(put(zip, "settings.conf", withoutSecrets(config)));
            ask(zip, names, config, web);
            Path log = Path.of(config.getString("finback.data-dir"), "logs", "finback.log");
            if (Files.isReadable(log)) {
                names.add(put(zip, "finback.log", end(log)));
            }
        }
        return names;
    }

    private void ask(ZipOutputStream zip, List<String> names, Config config, Web web) throws IOException {
        HttpListen management = HttpListen.from(config, "finback.management");
        for (String path : List.of("/ready", "/cluster/members", "/cluster/link")) {
            String name = path.substring(1).replace('/', '-') + ".txt";
            var answer = web.get("finback.management", management, path);
            if (answer.isPresent()) {
                names.add(put(
                        zip, name, answer.get().status() + "\n" + answer.get().body()));
            }
        }
        for (Map.Entry<String, HttpListen> listener : listeners.apply(config).entrySet()) {
            // The mesh is for the services' traffic, Artery speaks no HTTP.
            if (List.of("finback.cluster", "finback.management", "finback.router.http")
                    .contains(listener.getKey())) {
                continue;
            }
            String path = listener.getKey().equals("finback.services.http") ? "/metrics/prometheus" : "/metrics";
            var answer = web.get(listener.getKey(), listener.getValue(), path);
            if (answer.isPresent() && answer.get().ok()) {
                names.add(put(
                        zip,
                        "metrics-" + listener.getKey().substring("finback.".length()) + ".txt",
                        answer.get().body()));
            }
        }
    }

    private static String program() {
        return "finback " + Version.current() + "\njava " + System.getProperty("java.version") + " "
                + System.getProperty("java.vm.name") + "\nos " + System.getProperty("os.name") + " "
                + System.getProperty("os.version") + " " + System.getProperty("os.arch") + "\nprocessors "
                + Runtime.getRuntime().availableProcessors() + "\n";
    }

    /** The {@code finback} tree, where each value says where it was set. */
    static String withoutSecrets(Config config) {
        Config shown = config.withOnlyPath("finback");
        for (Map.Entry<String, ConfigValue> entry : config.getConfig("finback").entrySet()) {
            if (isSecret(entry.getKey()) && entry.getValue().valueType() != ConfigValueType.BOOLEAN) {
                boolean empty = String.valueOf(entry.getValue().unwrapped()).isEmpty();
                shown = shown.withValue(
                        "finback." + entry.getKey(),
                        ConfigValueFactory.fromAnyRef(empty ? "" : "(left out)", "left out"));
            }
        }
        return shown.root()
                .render(ConfigRenderOptions.defaults()
                        .setJson(false)
                        .setComments(false)
                        .setOriginComments(true));
    }

    private static boolean isSecret(String key) {
        String name = key.toLowerCase(Locale.ROOT);
        // Where a secret is is no secret.
        return SECRET.stream().anyMatch(name::contains) && !name.endsWith("-file") && !name.endsWith("-dir");
    }

    private static String end(Path log) throws IOException {
        try (RandomAccessFile file = new RandomAccessFile(log.toFile(), "r")) {
            long from = Math.max(0, file.length() - LOG_END);
            file.seek(from);
            byte[] bytes = new byte[(int) (file.length() - from)];
            file.readFully(bytes);
            return new String(bytes, StandardCharsets.UTF_8);
        }
    }

    private static String put(ZipOutputStream zip, String name, String text) throws IOException {
        zip.putNextEntry(new ZipEntry(name));
        zip.write(text.getBytes(StandardCharsets.UTF_8));
        zip.closeEntry();
        return name;
    }
}
