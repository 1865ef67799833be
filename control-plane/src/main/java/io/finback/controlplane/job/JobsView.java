package io.finback.controlplane.job;

import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Predicate;

/**
 * The jobs as this master knows them: immutable snapshots, each replaced when a newer one comes, so that reading never waits for an entity.
 * After a write made through this master it shows it at once; of others, within moments. Thread-safe.
 */
public final class JobsView {
    /** Revisions of removed jobs, kept so that a late snapshot does not bring one back. */
    private static final int MAX_GONE = 10_000;

    private final ConcurrentHashMap<String, JobSnapshot> jobs = new ConcurrentHashMap<>();
    private final Map<String, Long> gone = new LinkedHashMap<>() {
        private static final long serialVersionUID = 1;

        @Override
        protected boolean removeEldestEntry(Map.Entry<String, Long> eldest) {
            return size() > MAX_GONE;
        }
    };

    void apply(JobSnapshot snapshot) {
        String name = snapshot.name();
        if (snapshot.definition().isEmpty()) {
            synchronized (gone) {
                gone.merge(name, snapshot.revision(), Math::max);
            }
            jobs.computeIfPresent(name, (key, old) -> old.revision() > snapshot.revision() ? old : null);
            return;
        }
        long removedAt;
        synchronized (gone) {
            removedAt = gone.getOrDefault(name, -1L);
        }
        if (snapshot.revision() > removedAt) {
            jobs.merge(name, snapshot, (old, next) -> next.revision() >= old.revision() ? next : old);
        }
    }

    /** What of this moment is of these jobs; of their parents, those that are among them. */
    JobsView seen(Predicate<String> names) {
        JobsView some = new JobsView();
        jobs.forEach((name, job) -> {
            if (names.test(name)) {
                some.jobs.put(name, job.waitingFor(names));
            }
        });
        return some;
    }

    public Optional<JobSnapshot> job(String name) {
        return Optional.ofNullable(jobs.get(name));
    }

    /** All jobs by name. */
    public List<JobSnapshot> jobs() {
        return jobs.values().stream()
                .sorted(Comparator.comparing(JobSnapshot::name))
                .toList();
    }

    /** Those that wait for {@code parent}, by name. */
    public List<JobSnapshot> children(String parent) {
        return jobs().stream()
                .filter(j -> j.definition().orElseThrow().times().parents().contains(parent))
                .toList();
    }
}
