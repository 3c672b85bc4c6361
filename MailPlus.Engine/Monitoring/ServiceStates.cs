using MailPlus.Engine.Net.Listeners;
using MailPlus.Engine.Primitives;
using MailPlus.Engine.Search;
using MailPlus.Engine.Settings.Sections;

namespace MailPlus.Engine.Monitoring;

/// <summary>Listeners, and the full-text index, as services.</summary>
internal static class ServiceStates
{
    internal static ServiceState Of(SearchStatus index, SearchSettings settings) =>
        new("search", !settings.Enabled ? ServiceCondition.Stopped : index.Condition == SearchCondition.Failing ? ServiceCondition.Abnormal : ServiceCondition.Running)
        {
            Reason = settings.Enabled ? index.Problem : "",
        };

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
