using MailPlus.Engine.Monitoring;

namespace MailPlus.Web.Admin;

/// <summary>The colour that goes with the state of a service.</summary>
internal static class ServiceTone
{
    public static string Of(ServiceCondition condition) => condition switch
    {
        ServiceCondition.Running => "good",
        ServiceCondition.Abnormal => "bad",
        _ => "",
    };
}
