package io.finback.nodeagent.cgroup;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * The groups of one agent: {@code <hierarchy>/<root>/<agent>/<container>}. Version 2 is used for what is there, version 1 for the
 * rest. Thread-safe once opened.
 */
public final class Cgroups {
    /** What a group can be used for. */
    public enum Controller {
        CPU("cpu", true),
        MEMORY("memory", true),
        PIDS("pids", true),
        /** Measures; version 2 does it without a controller. */
        CPU_TIME("cpuacct", false),
        /** Freezes and ends; version 2 does it without a controller. */
        KILL("freezer", false);

        private final String name;
        private final boolean enabledInVersion2;

        Controller(String name, boolean enabledInVersion2) {
            this.name = name;
            this.enabledInVersion2 = enabledInVersion2;
        }
    }

    private final Map<String, Path> parents;
    private final Map<Controller, String> off;

    private Cgroups(Map<String, Path> parents, Map<Controller, String> off) {
        this.parents = Map.copyOf(parents);
        this.off = Map.copyOf(off);
    }

    /**
     * Makes the groups above the containers' and sees what can be done there. Never fails: what cannot be done is {@link #off}.
     *
     * @param root the name of the group below each hierarchy's own
     * @param agent tells the agents of one machine apart
     * @param wanted the others are not tried
     */
    public static Cgroups open(CgroupMounts mounts, String root, String agent, Set<Controller> wanted) {
        Map<String, Path> parents = new TreeMap<>();
        Map<Controller, String> off = new EnumMap<>(Controller.class);
        for (Controller controller : Controller.values()) {
            if (!wanted.contains(controller)) {
                off.put(controller, "not asked for");
                continue;
            }
            try {
                Map.Entry<String, Path> hierarchy = place(mounts, controller);
                Path parent = hierarchy.getValue().resolve(root).resolve(agent);
                Files.createDirectories(parent);
                if (hierarchy.getKey().equals(ContainerGroup.UNIFIED) && controller.enabledInVersion2) {
                    enable(hierarchy.getValue(), parent, controller.name);
                }
                tryOne(parent);
                parents.put(hierarchy.getKey(), parent);
            } catch (IOException e) {
                off.put(controller, String.valueOf(e.getMessage()));
            }
        }
        return new Cgroups(parents, off);
    }

    /** None at all, for a reason. */
    public static Cgroups none(String why) {
        Map<Controller, String> off = new EnumMap<>(Controller.class);
        for (Controller controller : Controller.values()) {
            off.put(controller, why);
        }
        return new Cgroups(Map.of(), off);
    }

    /** What cannot be done, and why. */
    public Map<Controller, String> off() {
        return off;
    }

    public boolean isOn(Controller controller) {
        return !off.containsKey(controller);
    }

    /** How each is done, for people: {@code version 2}, {@code version 1}. */
    public String version(Controller controller) {
        return parents.containsKey(controller.name) ? "version 1" : "version 2";
    }

    /** False when there is no hierarchy at all: then no container has groups. */
    public boolean isPresent() {
        return !parents.isEmpty();
    }

    /** Makes a container's groups, with their limits; nothing is left of one that fails. */
    public ContainerGroup create(String container, GroupLimits limits, boolean limitSwap) throws IOException {
        ContainerGroup group = find(container);
        try {
            group.make();
            group.limit(limits, limitSwap);
            return group;
        } catch (IOException e) {
            if (!group.remove()) {
                throw new IOException(e.getMessage() + "; and the new group cannot be removed again", e);
            }
            throw e;
        }
    }

    /** The groups of a container, whether they are there or not. */
    public ContainerGroup find(String container) {
        Map<String, Path> directories = new LinkedHashMap<>();
        parents.forEach((hierarchy, parent) -> directories.put(hierarchy, parent.resolve(container)));
        return ContainerGroup.in(directories);
    }

    /** The containers that have a group. */
    public Set<String> containers() {
        Set<String> names = new TreeSet<>();
        for (Path parent : parents.values()) {
            Tracker.below(parent).forEach(group -> names.add(group.getFileName().toString()));
        }
        return names;
    }

    private static Map.Entry<String, Path> place(CgroupMounts mounts, Controller controller) throws IOException {
        Optional<Path> unified = mounts.unified();
        boolean there =
                !controller.enabledInVersion2 || mounts.unifiedControllers().contains(controller.name);
        if (unified.isPresent() && there) {
            return Map.entry(ContainerGroup.UNIFIED, unified.get());
        }
        Path legacy = mounts.legacy().get(controller.name);
        if (legacy == null) {
            throw new IOException("the kernel offers no controller '" + controller.name + "' here");
        }
        return Map.entry(controller.name, legacy);
    }

    /** In version 2 a controller works in a group if every group above hands it down. */
    private static void enable(Path mount, Path parent, String controller) throws IOException {
        List<Path> chain = new ArrayList<>();
        for (Path at = parent; at != null && at.startsWith(mount); at = at.getParent()) {
            chain.add(0, at);
        }
        for (Path at : chain) {
            Path handed = at.resolve("cgroup.subtree_control");
            List<String> now = List.of(ControlFiles.read(handed).orElse("").split(" ", -1));
            if (!now.contains(controller)) {
                ControlFiles.write(handed, "+" + controller);
            }
        }
    }

    /** Whether groups can be made is only known by making one. */
    private static void tryOne(Path parent) throws IOException {
        Path probe = parent.resolve("probe");
        Files.createDirectories(probe);
        Files.deleteIfExists(probe);
    }
}
