package io.finback.nodeagent.oci;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.finback.nodeagent.executor.Door;
import io.finback.nodeagent.executor.ProcFs;
import io.finback.nodeagent.executor.Spot;
import io.finback.nodeagent.task.Containment;
import io.finback.nodeagent.task.ProcessRef;
import io.finback.tasks.ContainerInfo.Tty;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Has the runtime start other commands in containers of ours: what enters by namespaces alone would bring the agent's own rights
 * along. Knows the containers it is told of. Thread-safe.
 */
final class OciDoor implements Door {
    private static final ObjectMapper JSON = new ObjectMapper();

    private final Optional<Maker> maker;
    private final Map<Long, ProcessRef> byLeader = new ConcurrentHashMap<>();

    OciDoor(Optional<Maker> maker) {
        this.maker = maker;
    }

    void add(ProcessRef ref) {
        byLeader.put(ref.pid(), ref);
    }

    void remove(ProcessRef ref) {
        boolean unused = byLeader.remove(ref.pid(), ref);
    }

    @Override
    public Optional<List<String>> into(
            Spot spot, Map<String, String> environment, Path below, List<String> words, Optional<Tty> terminal)
            throws IOException {
        ProcessRef ref = byLeader.get(spot.leader());
        if (ref == null || maker.isEmpty() || !isThere(ref)) {
            return Optional.empty();
        }
        Path bundle = Path.of(ref.bundle().orElseThrow());
        ObjectNode process = (ObjectNode)
                JSON.readTree(Files.readAllBytes(bundle.resolve("config.json"))).path("process");
        ArrayNode args = process.putArray("args");
        words.forEach(args::add);
        String directory = Path.of(Mounts.SANDBOX).resolve(below).toString();
        Map<String, String> all = new LinkedHashMap<>();
        process.withArray("env").forEach(entry -> {
            String[] parts = entry.asText().split("=", 2);
            all.put(parts[0], parts.length > 1 ? parts[1] : "");
        });
        all.putAll(environment);
        all.put("MESOS_SANDBOX", directory);
        ArrayNode env = process.putArray("env");
        all.forEach((name, value) -> env.add(name + "=" + value));
        process.put("cwd", directory);
        BundleConfig.terminal(process, terminal);
        // Deleted with the bundle: when the runtime has read it nobody here knows.
        Path written = bundle.resolve("exec-" + UUID.randomUUID() + ".json");
        Files.write(written, JSON.writeValueAsBytes(process));
        List<String> call = new ArrayList<>(List.of("exec", "--process", written.toString()));
        spot.group().ifPresent(group -> call.addAll(maker.get().intoGroup(group, groups(ref))));
        spot.pidFile().ifPresent(file -> call.addAll(List.of("--pid-file", file.toString())));
        call.add(bundle.getFileName().toString());
        return Optional.of(maker.get().command(ref, bundle, "exec.log", call));
    }

    private static Map<String, String> groups(ProcessRef ref) {
        return ref.containment().map(Containment::groups).orElse(Map.of());
    }

    private static boolean isThere(ProcessRef ref) {
        return ProcFs.stat(ref.pid())
                .filter(stat -> stat.startTicks() == ref.startTicks() && !stat.isEnded())
                .isPresent();
    }
}
