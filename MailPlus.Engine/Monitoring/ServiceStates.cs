using MailPlus.Engine.Net.Listeners;
using MailPlus.Engine.Primitives;

namespace MailPlus.Engine.Monitoring;

/// <summary>Listeners as services.</summary>
internal static class ServiceStates
{
    internal static ServiceState Of(ListenerState listener) => new(listener.Name, listener.Status switch
    {
        ListenerStatus.Running => ServiceCondition.Running,
        ListenerStatus.Abnormal => ServiceCondition.Abnormal,
        _ => ServiceCondition.Stopped,
    })
    {
        Port = listener.Bound.Count > 0 ? listener.Bound[0].Port : null,
        Reason = listener.Reason is { } reason ? RefusalText.English(reason) : "",
        IsOverridden = listener.Overridden,
    };
}
