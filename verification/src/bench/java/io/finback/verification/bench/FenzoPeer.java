package io.finback.verification.bench;

import com.netflix.fenzo.ConstraintEvaluator;
import com.netflix.fenzo.SchedulingResult;
import com.netflix.fenzo.TaskRequest;
import com.netflix.fenzo.TaskScheduler;
import com.netflix.fenzo.VMAssignmentResult;
import com.netflix.fenzo.VMTaskFitnessCalculator;
import com.netflix.fenzo.VirtualMachineLease;
import com.netflix.fenzo.plugins.BinPackingFitnessCalculators;
import com.netflix.fenzo.plugins.UniqueHostAttrConstraint;
import io.finback.controlplane.placement.Candidate;
import io.finback.controlplane.placement.Request;
import io.finback.resources.Ranges;
import io.finback.resources.Resources;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.apache.mesos.Protos;

/** The same instances on the same offers, placed by Netflix Fenzo 1.0.1 with its own packing of cpus and memory. */
final class FenzoPeer {
    /** What it did. */
    record Done(double millis, int placed, int hosts) {}

    private FenzoPeer() {}

    static Done place(List<Candidate> candidates, List<Request> requests) {
        TaskScheduler scheduler = new TaskScheduler.Builder()
                .withLeaseOfferExpirySecs(3600)
                .withLeaseRejectAction(lease -> {})
                .withFitnessCalculator(BinPackingFitnessCalculators.cpuMemBinPacker)
                .disableShortfallEvaluation()
                .build();
        List<VirtualMachineLease> leases = new ArrayList<>();
        candidates.forEach(candidate -> leases.add(new Lease(candidate)));
        List<Task> tasks = new ArrayList<>();
        for (Request request : requests) {
            Set<String> others = new HashSet<>(request.waiting());
            List<ConstraintEvaluator> constraints = request.rules().isEmpty()
                    ? List.of()
                    : List.of(new UniqueHostAttrConstraint(id -> others));
            request.waiting().forEach(id -> tasks.add(new Task(id, request, constraints)));
        }
        long begin = System.nanoTime();
        SchedulingResult result = scheduler.scheduleOnce(tasks, leases);
        double millis = (System.nanoTime() - begin) / 1e6;
        int placed = 0;
        for (VMAssignmentResult host : result.getResultMap().values()) {
            placed += host.getTasksAssigned().size();
        }
        scheduler.shutdown();
        return new Done(millis, placed, result.getResultMap().size());
    }

    private static final class Lease implements VirtualMachineLease {
        private final Candidate candidate;
        private final List<Range> ports = new ArrayList<>();
        private final long offered = System.currentTimeMillis();

        Lease(Candidate candidate) {
            this.candidate = candidate;
            for (Ranges.Range range : candidate.resources().ports().ranges()) {
                ports.add(new Range((int) range.begin(), (int) range.end()));
            }
        }

        @Override
        public String getId() {
            return candidate.offer().value();
        }

        @Override
        public long getOfferedTime() {
            return offered;
        }

        @Override
        public String hostname() {
            return candidate.spot().host();
        }

        @Override
        public String getVMID() {
            return candidate.agent().value();
        }

        @Override
        public double cpuCores() {
            return candidate.resources().scalar(Resources.CPUS);
        }

        @Override
        public double memoryMB() {
            return candidate.resources().scalar(Resources.MEM);
        }

        @Override
        public double networkMbps() {
            return 0;
        }

        @Override
        public double diskMB() {
            return candidate.resources().scalar(Resources.DISK);
        }

        @Override
        public List<Range> portRanges() {
            return ports;
        }

        @Override
        @SuppressWarnings("NullAway") // there is no message behind this lease
        public Protos.Offer getOffer() {
            return null; // Fenzo only asks whether there is one
        }

        @Override
        public Map<String, Protos.Attribute> getAttributeMap() {
            return new HashMap<>(); // asked for the attribute null
        }

        @Override
        public Double getScalarValue(String name) {
            return 0.0;
        }

        @Override
        public Map<String, Double> getScalarValues() {
            return new HashMap<>();
        }
    }

    private static final class Task implements TaskRequest {
        private final String id;
        private final Request request;
        private final List<ConstraintEvaluator> constraints;
        private AssignedResources assigned = new AssignedResources();

        Task(String id, Request request, List<ConstraintEvaluator> constraints) {
            this.id = id;
            this.request = request;
            this.constraints = constraints;
        }

        @Override
        public String getId() {
            return id;
        }

        @Override
        public String taskGroupName() {
            return request.group();
        }

        @Override
        public double getCPUs() {
            return request.each().scalar(Resources.CPUS);
        }

        @Override
        public double getMemory() {
            return request.each().scalar(Resources.MEM);
        }

        @Override
        public double getNetworkMbps() {
            return 0;
        }

        @Override
        public double getDisk() {
            return request.each().scalar(Resources.DISK);
        }

        @Override
        public int getPorts() {
            return request.ports().size();
        }

        @Override
        public Map<String, Double> getScalarRequests() {
            return new HashMap<>();
        }

        @Override
        public Map<String, NamedResourceSetRequest> getCustomNamedResources() {
            return new HashMap<>();
        }

        @Override
        public List<? extends ConstraintEvaluator> getHardConstraints() {
            return constraints;
        }

        @Override
        public List<? extends VMTaskFitnessCalculator> getSoftConstraints() {
            return List.of();
        }

        @Override
        public void setAssignedResources(AssignedResources resources) {
            assigned = resources;
        }

        @Override
        public AssignedResources getAssignedResources() {
            return assigned;
        }
    }
}
