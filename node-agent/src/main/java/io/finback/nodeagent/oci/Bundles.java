package io.finback.nodeagent.oci;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.MissingNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.finback.nodeagent.cgroup.CgroupMounts;
import io.finback.nodeagent.cgroup.Cgroups;
import io.finback.nodeagent.cgroup.ContainerGroup;
import io.finback.nodeagent.containerizer.ContainerSpec;
import io.finback.nodeagent.containerizer.LaunchFailure;
import io.finback.nodeagent.containerizer.VolumeMount;
import io.finback.nodeagent.executor.SandboxOwner;
import io.finback.nodeagent.image.ImageFailure;
import io.finback.nodeagent.image.ImageStore;
import io.finback.nodeagent.image.Reference;
import io.finback.nodeagent.image.StoredImage;
import io.finback.nodeagent.isolation.Isolation;
import io.finback.nodeagent.isolation.Isolator;
import io.finback.nodeagent.isolation.TaskUser.Account;
import io.finback.nodeagent.task.Containment;
import io.finback.nodeagent.task.ProcessRef;
import io.finback.tasks.ContainerInfo;
import io.finback.tasks.Image;
import io.finback.tasks.LinuxOptions;
import io.finback.tasks.TaskInfo;
import io.finback.tasks.Volume;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The directories of containers, {@code <container>/{config.json, image.json, rootfs, upper, work, state, …}}: written before a
 * runtime sees them, deleted when the container is forgotten. What {@code image.json} names is not pruned. Thread-safe.
 */
final class Bundles implements AutoCloseable {
    private static final Logger log = LoggerFactory.getLogger(Bundles.class);
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final String IMAGE = "image.json";
    private static final String STOP_SIGNAL = "stopSignal";
    private static final Duration PRUNE_WAIT = Duration.ofSeconds(20);
    private static final Duration PRUNE_EVERY = Duration.ofMinutes(10);

    private final Path directory;
    private final ImageStore store;
    private final RootFs rootFs;
    private final Isolation isolation;
    private final String hostname;
    private final Optional<Duration> keep;
    private final ScheduledExecutorService clock = Executors.newSingleThreadScheduledExecutor(work -> {
        Thread thread = new Thread(work, "finback-image-prune");
        thread.setDaemon(true);
        return thread;
    });

    /**
     * A directory that is ready for a runtime.
     *
     * @param lower as {@link RootFs#prepare} says it
     * @param groups the container's control groups that have limits
     * @param groupPath below each hierarchy
     */
    record Bundle(Path directory, String lower, Optional<ContainerGroup> groups, String groupPath) {}

    @SuppressWarnings("FutureReturnValueIgnored") // prune() catches everything, so the schedule never ends by itself
    Bundles(
            Path directory,
            ImageStore store,
            RootFs rootFs,
            Isolation isolation,
            String hostname,
            Optional<Duration> keep) {
        this.directory = directory;
        this.store = store;
        this.rootFs = rootFs;
        this.isolation = isolation;
        this.hostname = hostname;
        this.keep = keep;
        clock.scheduleWithFixedDelay(
                this::prune, PRUNE_EVERY.toMillis(), PRUNE_EVERY.toMillis(), TimeUnit.MILLISECONDS);
    }

    ImageStore store() {
        return store;
    }

    /** Gets the image and writes everything. Nothing of one that fails is left. */
    Bundle write(ContainerSpec spec) throws LaunchFailure {
        Path bundle = directory.resolve(spec.container());
        ContainerInfo container = spec.task().options().container().orElseThrow();
        Image image = container.image().orElseThrow();
        boolean written = false;
        Optional<ContainerGroup> groups = Optional.empty();
        try {
            Files.createDirectories(bundle);
            StoredImage stored = store.use(
                    Reference.parse(image.name()),
                    image.cached(),
                    image.pullConfig(),
                    spec.sandbox(),
                    found -> remember(bundle, found));
            ImageUser user = user(spec.task(), stored);
            Account owner = new Account(Integer.toString(user.uid()), user.uid(), user.gid(), false, user.groups());
            SandboxOwner.give(spec.sandbox(), Optional.of(owner));
            String lower = rootFs.prepare(stored, bundle);
            groups = groups(spec);
            String path = groupPath(spec.container(), groups);
            boolean ownIpc = container.linux().flatMap(LinuxOptions::privateIpc).orElse(true);
            List<Mounts.Mount> mounts = new ArrayList<>(Mounts.standard(container, ownIpc));
            mounts.add(Mounts.sandbox(spec.sandbox()));
            SandboxOwner.give(spec.volumes(), owner);
            for (VolumeMount volume : spec.volumes()) {
                mounts.add(Mounts.persistent(volume));
            }
            for (Volume volume : container.volumes()) {
                if (volume.source() == Volume.Source.SECRET) {
                    continue; // is among the spec's
                }
                mounts.add(
                        volume.source() == Volume.Source.IMAGE
                                ? Mounts.image(volume, imageVolume(volume, bundle, spec.sandbox()))
                                : Mounts.volume(volume, spec.sandbox(), user));
            }
            ObjectNode config = BundleConfig.of(
                    spec,
                    stored.config(),
                    user,
                    isolation.rights(spec.task()),
                    new BundleConfig.Around(
                            hostname,
                            isolation.isOn(Isolator.LINUX_NNP),
                            ownIpc,
                            isolation.settings().oomScore(),
                            sharesPids(container) ? Optional.empty() : Optional.of(bundle.resolve("pidns")),
                            path,
                            mounts));
            if (config.path("process").path("args").isEmpty()) {
                throw new LaunchFailure("image " + image.name()
                        + ": neither an entry point nor a command (expected: one, or a task with a command)");
            }
            Files.write(bundle.resolve("config.json"), JSON.writeValueAsBytes(config));
            written = true;
            return new Bundle(bundle, lower, groups, path);
        } catch (ImageFailure | IOException | IllegalArgumentException e) {
            throw new LaunchFailure("container.mesos.image: " + image.name() + " cannot be used", e);
        } finally {
            if (!written) {
                groups.ifPresent(Bundles::removeEmpty);
                delete(bundle);
            }
        }
    }

    /** Whether it sees the machine's processes. */
    static boolean sharesPids(ContainerInfo container) {
        return container.linux().map(LinuxOptions::sharePidNamespace).orElse(false);
    }

    /** Once this is written the image stays for as long as the bundle does. */
    private static StoredImage remember(Path bundle, StoredImage image) throws IOException {
        ObjectNode known = JSON.createObjectNode().put("name", image.name()).put("id", image.id());
        known.put(STOP_SIGNAL, image.config().stopSignal());
        ArrayNode layers = known.putArray("layers");
        image.layers().forEach(layers::add);
        Files.write(bundle.resolve(IMAGE), JSON.writeValueAsBytes(known));
        return image;
    }

    /** What the image's makers want a container of it to be asked to end with. */
    static String stopSignal(Path bundle) {
        return known(bundle).path(STOP_SIGNAL).asText("");
    }

    /** The task's own user wins over the image's, and that over the agent's setting. */
    private ImageUser user(TaskInfo task, StoredImage image) throws IOException {
        String named = task.command()
                .user()
                .orElse(
                        image.config().user().isEmpty()
                                ? isolation.settings().taskUser().orElse("")
                                : image.config().user());
        ImageUser user = ImageUser.of(named, store, image);
        if (user.uid() == 0 && !isolation.settings().allowRoot()) {
            throw new IllegalArgumentException("user '" + named
                    + "' is root in it (expected: another one in command.user or in the image, since"
                    + " finback.agent.allow-root-tasks is false)");
        }
        return user;
    }

    private Path imageVolume(Volume volume, Path bundle, Path sandbox) throws IOException, ImageFailure {
        Path files = bundle.resolve("volumes")
                .resolve(Integer.toHexString(volume.containerPath().hashCode()));
        return store.use(Reference.parse(volume.name()), true, Optional.empty(), sandbox, image -> {
            rootFs.copy(image, files);
            return files;
        });
    }

    private Optional<ContainerGroup> groups(ContainerSpec spec) throws IOException {
        Optional<Cgroups> cgroups = isolation.cgroups();
        return cgroups.isEmpty()
                ? Optional.empty()
                : Optional.of(cgroups.get()
                        .create(
                                spec.container(),
                                isolation.limits(spec.task()),
                                isolation.settings().limitSwap()));
    }

    /** A runtime makes groups in every hierarchy, also in those nothing is limited in. */
    private String groupPath(String container, Optional<ContainerGroup> groups) throws IOException {
        for (String directory :
                groups.map(ContainerGroup::directories).orElse(Map.of()).values()) {
            for (Path mount : mounts().values()) {
                if (Path.of(directory).startsWith(mount)) {
                    return "/" + mount.relativize(Path.of(directory));
                }
            }
        }
        return "/" + isolation.settings().cgroupRoot() + "/containers/" + container;
    }

    private static Map<String, Path> mounts() throws IOException {
        CgroupMounts all = CgroupMounts.ofThisMachine();
        Map<String, Path> mounts = new TreeMap<>(all.legacy());
        all.unified().ifPresent(path -> mounts.put("unified", path));
        return mounts;
    }

    /** Puts what was made into all of its groups, and remembers those that have to be removed with it. */
    ProcessRef attach(ProcessRef made, Bundle bundle, ContainerSpec spec) throws IOException {
        Map<String, String> directories = new TreeMap<>();
        Set<String> seen = new HashSet<>();
        for (Map.Entry<String, Path> mount : mounts().entrySet()) {
            Path group = mount.getValue().resolve(bundle.groupPath().substring(1));
            if (Files.isDirectory(group) && seen.add(group.toString())) {
                directories.put(mount.getKey(), group.toString());
            }
        }
        Optional<ContainerGroup> groups = bundle.groups();
        if (groups.isPresent()) {
            directories.putAll(groups.get().directories());
            // crun that cannot enter one hierarchy removes the groups it was given and makes them anew, without limits.
            groups.get()
                    .limit(isolation.limits(spec.task()), isolation.settings().limitSwap());
            groups.get().attach(made.pid());
        }
        Containment without = made.containment().orElseThrow();
        return made.in(new Containment(directories, without.init(), without.namespaces(), without.bundle()));
    }

    private static void removeEmpty(ContainerGroup groups) {
        if (!groups.remove()) {
            log.warn("oci.groups_left groups={} next=the_next_agent_removes_them", groups.directories());
        }
    }

    void discard(Bundle bundle) {
        bundle.groups().ifPresent(Bundles::removeEmpty);
        delete(bundle.directory());
    }

    static void delete(Path bundle) {
        try {
            Trees.delete(bundle);
        } catch (IOException e) {
            log.warn("oci.bundle_left directory={} reason={} next=the_next_agent_deletes_it", bundle, e.toString());
        }
    }

    /** Deletes what an agent that died has left, with the control groups its runtime made. */
    static void deleteLeft(Path bundle) {
        try {
            JsonNode config = JSON.readTree(Files.readAllBytes(bundle.resolve("config.json")));
            String path = config.path("linux").path("cgroupsPath").asText("");
            if (path.startsWith("/") && path.endsWith("/" + bundle.getFileName())) {
                Map<String, String> directories = new TreeMap<>();
                for (Map.Entry<String, Path> mount : mounts().entrySet()) {
                    directories.put(
                            mount.getKey(),
                            mount.getValue().resolve(path.substring(1)).toString());
                }
                ContainerGroup groups = ContainerGroup.of(directories);
                // Where it has no PID namespace of its own, nothing has ended it with its holder.
                groups.kill();
                boolean gone = groups.remove();
                log.info("oci.orphan_deleted bundle={} groupsGone={}", bundle, gone);
            }
        } catch (IOException e) {
            log.debug("oci.bundle_without_config directory={}", bundle);
        }
        delete(bundle);
    }

    /** Those that are there. */
    List<Path> all() {
        List<Path> all = new ArrayList<>();
        try (DirectoryStream<Path> bundles = Files.newDirectoryStream(directory)) {
            bundles.forEach(all::add);
        } catch (IOException e) {
            log.warn("oci.bundles_unreadable directory={} reason={}", directory, e.toString());
        }
        return all;
    }

    private void prune() {
        try {
            OptionalInt gone = store.prune(keep.map(Instant.now()::minus), Set.of(), this::layersInUse, Duration.ZERO);
            log.debug("oci.pruned layers={}", gone);
        } catch (IOException | ImageFailure | RuntimeException e) {
            log.warn("oci.prune_failed reason={} next=again_later", e.toString());
        }
    }

    /** Drops every image no container is of, but those named. Throws as well when pulls leave no room for it. */
    void pruneNow(Set<String> excluded) throws IOException {
        Set<String> keep = new HashSet<>(excluded);
        keep.addAll(namesInUse());
        try {
            if (store.prune(Optional.of(Instant.MAX), keep, this::layersInUse, PRUNE_WAIT)
                    .isEmpty()) {
                throw new IOException("images were being pulled for " + PRUNE_WAIT.toSeconds()
                        + " s (expected: a moment without; try again)");
            }
        } catch (ImageFailure e) {
            throw new IOException(e.getMessage(), e);
        }
    }

    private Set<String> layersInUse() {
        Set<String> layers = new HashSet<>();
        all().forEach(bundle -> known(bundle).path("layers").forEach(layer -> layers.add(layer.asText(""))));
        return layers;
    }

    private Set<String> namesInUse() {
        Set<String> names = new HashSet<>();
        all().forEach(bundle -> names.add(known(bundle).path("name").asText("")));
        return names;
    }

    /** What was remembered of a bundle's image. */
    private static JsonNode known(Path bundle) {
        try {
            return JSON.readTree(Files.readAllBytes(bundle.resolve(IMAGE)));
        } catch (IOException e) {
            log.debug("oci.bundle_without_image directory={}", bundle);
            return MissingNode.getInstance();
        }
    }

    @Override
    public void close() {
        clock.shutdownNow();
        store.close();
    }
}
