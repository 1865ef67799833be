package io.finback.controlplane.scheduler;

import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Predicate;

/**
 * The groups that somebody made as such, by path. Which apps are in a group is said by the apps' ids alone; this holds what apps cannot
 * say: groups without apps, what groups depend on, and when they were changed.
 */
public record GroupBook(Map<String, Group> groups) {
    public static final GroupBook EMPTY = new GroupBook(Map.of());
    /** The book is one message to every master. */
    public static final int MAX_GROUPS = 5_000;

    private static final int MAX_VERSIONS = 50;

    /**
     * One group.
     *
     * @param dependencies absolute paths of apps and groups
     * @param versions when it was changed, oldest first, at most {@value #MAX_VERSIONS}
     * @param enforceRole of a top-level group: what is created in it has its role; empty: as before
     */
    public record Group(String path, List<String> dependencies, List<Instant> versions, Optional<Boolean> enforceRole) {
        public Group {
            dependencies = List.copyOf(dependencies);
            versions = List.copyOf(versions);
        }

        public Group(String path, List<String> dependencies, List<Instant> versions) {
            this(path, dependencies, versions, Optional.empty());
        }
    }

    public GroupBook {
        groups = Collections.unmodifiableMap(new TreeMap<>(groups));
    }

    /** The groups that are meant, and those above them or above any of {@code apps}; each with those of its dependencies that are meant. */
    public GroupBook seen(Predicate<String> paths, Collection<String> apps) {
        Set<String> meant = new TreeSet<>(apps);
        groups.keySet().stream().filter(paths).forEach(meant::add);
        Map<String, Group> map = new TreeMap<>();
        groups.forEach((path, group) -> {
            if (meant.contains(path) || meant.stream().anyMatch(inner -> AppPath.inside(path, inner))) {
                List<String> named = group.dependencies().stream().filter(paths).toList();
                List<Instant> versions = paths.test(path) ? group.versions() : List.of();
                map.put(path, new Group(path, named, versions, group.enforceRole()));
            }
        });
        return new GroupBook(map);
    }

    GroupBook kept(List<Group> changed) {
        Map<String, Group> map = new TreeMap<>(groups);
        for (Group group : changed) {
            Group old = map.get(group.path());
            List<Instant> versions = new ArrayList<>(old == null ? List.of() : old.versions());
            versions.addAll(group.versions());
            int from = Math.max(0, versions.size() - MAX_VERSIONS);
            map.put(
                    group.path(),
                    new Group(
                            group.path(),
                            group.dependencies(),
                            versions.subList(from, versions.size()),
                            group.enforceRole()
                                    .or(() -> Optional.ofNullable(old).flatMap(Group::enforceRole))));
        }
        return new GroupBook(map);
    }

    GroupBook removed(String path) {
        Map<String, Group> map = new TreeMap<>(groups);
        map.keySet().removeIf(p -> p.equals(path) || AppPath.inside(path, p));
        return new GroupBook(map);
    }

    /** The group, or one inside it, was made as such. */
    public boolean holds(String path) {
        return groups.keySet().stream().anyMatch(p -> p.equals(path) || AppPath.inside(path, p));
    }

    /** Whether what is created in this top-level group, or below it, has the group's role. {@code otherwise}: where the group says nothing. */
    public boolean enforcesRole(String path, boolean otherwise) {
        return Optional.ofNullable(groups.get(path)).flatMap(Group::enforceRole).orElse(otherwise);
    }

    public Map<String, List<String>> dependencies() {
        Map<String, List<String>> map = new TreeMap<>();
        groups.forEach((path, group) -> map.put(path, group.dependencies()));
        return map;
    }
}
