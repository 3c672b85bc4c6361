using MailPlus.Engine.Delivery;
using MailPlus.Engine.Mime;
using MailPlus.Engine.Settings;
using MailPlus.Web.Mail.Compose;
using MailPlus.Web.Mail.Reading;
using MailPlus.Web.Mail.Settings;

namespace MailPlus.Web.Mail;

/// <summary>The webmail's services and addresses.</summary>
internal static class MailWiring
{
    public static void Add(IServiceCollection services)
    {
        services.AddSingleton<MailboxAccess>();
        services.AddSingleton<PreferenceFile>();
        services.AddSingleton<ComposeSpool>();
        services.AddSingleton<MessageScanner>();
        services.AddSingleton(provider => new ComposeEngine(
            provider.GetRequiredService<IAcceptance>(),
            provider.GetRequiredService<MessageScanner>().Scan,
            provider.GetRequiredService<ISettingsSource>(),
            provider.GetRequiredService<TimeProvider>()));
        services.AddSingleton<ComposeStart>();
        services.AddSingleton<ComposeDelivery>();
        services.AddSingleton<Suggestions>();
    }

    public static void Map(IEndpointRouteBuilder routes)
    {
        MessageEndpoints.Map(routes);
        ComposeEndpoints.Map(routes);
    }
}
