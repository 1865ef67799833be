package io.finback.nodeagent.cgroup;

import io.finback.nodeagent.containerizer.Usage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.TreeMap;

/**
 * One container's groups, one in each hierarchy that is in use. Known by their directories alone, so that a later agent, with
 * other settings, can measure, end and remove what this one has made. Thread-safe: remembers nothing.
 */
public final class ContainerGroup {
    /** The hierarchy of version 2; all other names are controllers of version 1. */
    static final String UNIFIED = "unified";

    private static final String FREEZER = "freezer";

    private final Map<String, Path> directories;

    private ContainerGroup(Map<String, Path> directories) {
        this.directories = Map.copyOf(directories);
    }

    static ContainerGroup in(Map<String, Path> directories) {
        return new ContainerGroup(directories);
    }

    /** As {@link #directories} gave them. */
    public static ContainerGroup of(Map<String, String> directories) {
        Map<String, Path> paths = new TreeMap<>();
        directories.forEach((hierarchy, path) -> paths.put(hierarchy, Path.of(path)));
        return new ContainerGroup(paths);
    }

    /** Those a process is in, whoever made them: to be measured. Empty when it is gone, or in none of its own. */
    public static Optional<ContainerGroup> ofProcess(long pid) throws IOException {
        Path file = Path.of("/proc", Long.toString(pid), "cgroup");
        if (!Files.exists(file)) {
            return Optional.empty();
        }
        CgroupMounts mounts = CgroupMounts.ofThisMachine();
        Map<String, Path> directories = new TreeMap<>();
        for (String line : Files.readAllLines(file)) {
            String[] parts = line.split(":", 3);
            if (parts.length < 3 || parts[2].equals("/")) {
                continue;
            }
            String below = parts[2].substring(1);
            if (parts[1].isEmpty()) {
                mounts.unified().map(mount -> mount.resolve(below)).ifPresent(path -> directories.put(UNIFIED, path));
            } else {
                for (String controller : parts[1].split(",", -1)) {
                    Path mount = mounts.legacy().get(controller);
                    if (mount != null) {
                        directories.put(controller, mount.resolve(below));
                    }
                }
            }
        }
        directories.values().removeIf(path -> !Files.isDirectory(path));
        return directories.isEmpty() ? Optional.empty() : Optional.of(new ContainerGroup(directories));
    }

    /**
     * The one group of a process by which all in it can be ended. Empty where the process has none that is not ours, too, or none may be
     * made beneath it.
     *
     * @param preferred the version that is taken where both could be
     */
    public static Optional<ContainerGroup> endingAllOf(long pid, Version preferred) throws IOException {
        Map<String, Path> theirs =
                new TreeMap<>(ofProcess(pid).map(group -> group.directories).orElse(Map.of()));
        Map<String, Path> ours = ofProcess(ProcessHandle.current().pid())
                .map(group -> group.directories)
                .orElse(Map.of());
        theirs.values().removeAll(ours.values());
        List<String> order = preferred == Version.TWO ? List.of(UNIFIED, FREEZER) : List.of(FREEZER, UNIFIED);
        return order.stream()
                .filter(theirs::containsKey)
                .map(hierarchy -> new ContainerGroup(Map.of(hierarchy, theirs.get(hierarchy))))
                .filter(group -> group.directories.values().stream().allMatch(Files::isWritable))
                .findFirst();
    }

    /** The processes that are with one in the group it has for itself; that one alone where it has none. Asks the kernel. */
    public static List<Long> processesWith(long pid) throws IOException {
        return endingAllOf(pid, Version.TWO)
                .map(ContainerGroup::processes)
                .filter(found -> !found.isEmpty())
                .orElse(List.of(pid));
    }

    /** Makes a group beneath it, in each hierarchy it is in; nothing is limited by that. */
    public ContainerGroup makeBeneath(String name) throws IOException {
        Map<String, Path> beneath = new TreeMap<>();
        directories.forEach((hierarchy, directory) -> beneath.put(hierarchy, directory.resolve(name)));
        ContainerGroup group = new ContainerGroup(beneath);
        group.make();
        return group;
    }

    /** Those beneath it whose names begin so. */
    public List<ContainerGroup> beneath(String prefix) {
        List<ContainerGroup> found = new ArrayList<>();
        directories.forEach((hierarchy, directory) -> Tracker.below(directory).stream()
                .filter(group -> group.getFileName().toString().startsWith(prefix))
                .forEach(group -> found.add(new ContainerGroup(Map.of(hierarchy, group)))));
        return found;
    }

    /** Of control groups. */
    public enum Version {
        ONE,
        TWO
    }

    /** Whether it is in the hierarchy of version 2. */
    public boolean isUnified() {
        return directories.containsKey(UNIFIED);
    }

    /** Absolute paths, by hierarchy. */
    public Map<String, String> directories() {
        Map<String, String> texts = new TreeMap<>();
        directories.forEach((hierarchy, path) -> texts.put(hierarchy, path.toString()));
        return texts;
    }

    /** The files that take a process into the groups, by a pid (or 0 for the one that writes) being written to each. */
    public List<Path> procs() {
        return distinct().stream()
                .map(directory -> directory.resolve("cgroup.procs"))
                .toList();
    }

    void make() throws IOException {
        for (Path directory : distinct()) {
            Files.createDirectories(directory);
        }
    }

    /** Sets what it may use; {@code limitSwap}: whether what is swapped out counts as memory. May be said again. */
    public void limit(GroupLimits limits, boolean limitSwap) throws IOException {
        Optional<CpuGroup> cpu = cpu();
        if (cpu.isPresent()) {
            cpu.get().limit(limits);
        }
        Optional<MemoryGroup> memory = memory();
        if (memory.isPresent()) {
            memory.get().limit(limits, limitSwap);
        }
        Optional<Path> pids = pids();
        if (pids.isPresent()) {
            ControlFiles.write(pids.get().resolve("pids.max"), Long.toString(limits.pids()));
        }
    }

    /** From now on the process, and everything it will ever start, is in. */
    public void attach(long pid) throws IOException {
        for (Path procs : procs()) {
            ControlFiles.write(procs, Long.toString(pid));
        }
    }

    /** SIGKILL to everything in it; returns before they are gone. */
    public void kill() throws IOException {
        Optional<Tracker> tracker = tracker();
        if (tracker.isPresent()) {
            tracker.get().kill();
        }
    }

    public boolean isEmpty() {
        return processes().isEmpty();
    }

    /** Those in it and beneath it; ended ones that nobody has waited for are none. */
    public List<Long> processes() {
        return tracker().map(Tracker::processes).orElse(List.of());
    }

    /**
     * The group was out of memory and the kernel has killed something in it.
     *
     * @param limitBytes what it was allowed
     * @param maximumBytes the most it ever had
     */
    public record OutOfMemory(OptionalLong limitBytes, OptionalLong maximumBytes) {}

    /** One read of one small file, as long as nothing happened. */
    public Optional<OutOfMemory> outOfMemory() {
        return memory().filter(MemoryGroup::hasRunOut)
                .map(memory -> new OutOfMemory(memory.hardLimit(), memory.maximum()));
    }

    public Usage usage() {
        Optional<CpuTime.Used> time =
                legacyOrUnified("cpuacct").flatMap(at -> new CpuTime(directory(at), at.equals(UNIFIED)).used());
        return new Usage(
                time.map(used -> new Usage.Cpu(used.user(), used.system(), cpu().flatMap(CpuGroup::throttling))),
                memory().flatMap(MemoryGroup::usage),
                tracker().map(tracker -> (long) tracker.processes().size()),
                pids().map(directory -> ControlFiles.number(directory.resolve("pids.current")))
                        .filter(OptionalLong::isPresent)
                        .map(OptionalLong::getAsLong));
    }

    /** Removes the groups; false while something in them still lives. */
    public boolean remove() {
        boolean gone = true;
        for (Path directory : distinct()) {
            gone &= remove(directory);
        }
        return gone;
    }

    private static boolean remove(Path directory) {
        try {
            return !Files.exists(directory) || Files.deleteIfExists(directory);
        } catch (IOException busy) {
            // A task may have made groups of its own in it.
            List<Path> below = Tracker.below(directory);
            boolean emptied = true;
            for (Path one : below) {
                emptied &= remove(one);
            }
            try {
                return emptied && !below.isEmpty() && Files.deleteIfExists(directory);
            } catch (IOException stillBusy) {
                return false;
            }
        }
    }

    private Path directory(String hierarchy) {
        return Objects.requireNonNull(directories.get(hierarchy), hierarchy);
    }

    private Optional<CpuGroup> cpu() {
        return legacyOrUnified("cpu")
                .filter(at -> !at.equals(UNIFIED) || has("cpu.weight"))
                .map(at -> new CpuGroup(directory(at), at.equals(UNIFIED)));
    }

    private Optional<MemoryGroup> memory() {
        return legacyOrUnified("memory")
                .filter(at -> !at.equals(UNIFIED) || has("memory.max"))
                .map(at -> new MemoryGroup(directory(at), at.equals(UNIFIED)));
    }

    private Optional<Path> pids() {
        return legacyOrUnified("pids")
                .filter(at -> !at.equals(UNIFIED) || has("pids.max"))
                .map(directories::get);
    }

    /** Version 2 ends everything at once, so it goes first, also where all controllers are in version 1. */
    private Optional<Tracker> tracker() {
        Path unified = directories.get(UNIFIED);
        if (unified != null) {
            return Optional.of(new Tracker(unified, true));
        }
        Path freezer = directories.get(FREEZER);
        return Optional.ofNullable(freezer)
                .or(() -> directories.values().stream().findFirst())
                .map(directory -> new Tracker(directory, false));
    }

    private boolean has(String file) {
        Path unified = directories.get(UNIFIED);
        return unified != null && Files.exists(unified.resolve(file));
    }

    private Optional<String> legacyOrUnified(String controller) {
        if (directories.containsKey(controller)) {
            return Optional.of(controller);
        }
        return directories.containsKey(UNIFIED) ? Optional.of(UNIFIED) : Optional.empty();
    }

    private Set<Path> distinct() {
        return new LinkedHashSet<>(directories.values());
    }
}
