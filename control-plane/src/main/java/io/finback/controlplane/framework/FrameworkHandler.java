package io.finback.controlplane.framework;

/** One method per {@link FrameworkMessage}. */
public interface FrameworkHandler {
    void subscribe(SchedulerCall.Subscribe call);

    void accept(SchedulerCall.Accept call);

    void decline(SchedulerCall.Decline call);

    void answerInverse(SchedulerCall.AnswerInverse call);

    void suppress(SchedulerCall.Suppress call);

    void revive(SchedulerCall.Revive call);

    void kill(SchedulerCall.Kill call);

    void acknowledge(SchedulerCall.Acknowledge call);

    void acknowledgeOperation(SchedulerCall.AcknowledgeOperation call);

    void reconcile(SchedulerCall.Reconcile call);

    void reconcileOperations(SchedulerCall.ReconcileOperations call);

    void update(SchedulerCall.Update call);

    void message(SchedulerCall.Message call);

    void shutdownExecutor(SchedulerCall.ShutdownExecutor call);

    void toNobody(SchedulerCall.ToNobody call);

    void teardown(SchedulerCall.Teardown call);

    void agentBack(AgentReport.AgentBack report);

    void agentGone(AgentReport.AgentGone report);

    void dropped(AgentReport.Dropped report);

    void updates(AgentReport.Updates report);

    void received(AgentReport.Received report);

    void executorMessage(AgentReport.ExecutorMessage report);

    void fromAllocator(FrameworkSignal.FromAllocator signal);

    void schedulerGone(FrameworkSignal.SchedulerGone signal);

    void describe(FrameworkSignal.Describe signal);

    void wake(FrameworkSignal.Wake signal);

    void tick(FrameworkSignal.Tick signal);
}
