using MailPlus.Engine.Hosting;
using MailPlus.Web.Admin.Licence;
using MailPlus.Web.Admin.Log;
using MailPlus.Web.Admin.Service;
using MailPlus.Web.Api;
using MailPlus.Web.ClientSetup;
using MailPlus.Web.Layout;
using MailPlus.Web.Mail;
using MailPlus.Web.Setup;
using MailPlus.Web.Shared;
using MailPlus.Web.SignIn;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Components.Authorization;
using Microsoft.AspNetCore.DataProtection;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.StaticWebAssets;
using Microsoft.AspNetCore.ResponseCompression;
using OpenTelemetry.Metrics;

namespace MailPlus.Web;

/// <summary>Puts the web part together: services, the order of the middleware, the routes. The engine's services are registered beforehand.</summary>
public static class WebWiring
{
    /// <summary>A builder whose content is found beside the binary, whatever the working folder is.</summary>
    public static WebApplicationBuilder CreateBuilder(string[] arguments)
    {
        var builder = WebApplication.CreateBuilder(new WebApplicationOptions
        {
            Args = arguments,
            ApplicationName = typeof(WebWiring).Assembly.GetName().Name,
            ContentRootPath = AppContext.BaseDirectory,
        });

        // Without this the components' own files are found in Development only; a published folder holds them under wwwroot.
        StaticWebAssetsLoader.UseStaticWebAssets(builder.Environment, builder.Configuration);
        return builder;
    }

    /// <summary>Registers the engine's operations and the services of console, webmail and REST.</summary>
    public static void AddWeb(this WebApplicationBuilder builder, EngineWiring engine)
    {
        var services = builder.Services;
        AddEngine(services, engine);
        services.AddSingleton<BundledAssets>();
        services.AddSingleton<WebListeners>();
        services.AddScoped<SignedInActor>();
        services.AddSingleton<RefusalTexts>();
        MailWiring.Add(services);
        services.AddLocalization();
        services.AddHttpContextAccessor();
        services.AddAntiforgery(options =>
        {
            options.Cookie.Name = "mp-form";
            options.Cookie.SecurePolicy = CookieSecurePolicy.SameAsRequest;
            options.SuppressXFrameOptionsHeader = true; // frame-ancestors says it
        });
        var protection = services.AddDataProtection().SetApplicationName("MailPlus")
            .PersistKeysToFileSystem(Directory.CreateDirectory(Path.Combine(engine.Run.DataFolder, "web", "keys")));
        if (engine.WebKeys is { } keys)
        {
            protection.AddKeyManagementOptions(options => options.XmlRepository = new DatabaseKeys(keys));
        }

        services.AddRazorComponents().AddInteractiveServerComponents();
        services.AddCascadingAuthenticationState();
        services.AddScoped<AuthenticationStateProvider, LiveSessionState>();
        services.AddAuthentication(SessionCookie.Scheme).AddScheme<AuthenticationSchemeOptions, SessionAuthentication>(SessionCookie.Scheme, null);
        services.AddAuthorization();
        services.AddResponseCompression(options =>
        {
            // Bundles only: pages hold secrets beside what a visitor sends (BREACH).
            options.EnableForHttps = true;
            options.MimeTypes = ["text/css", "text/javascript", "image/svg+xml"];
            options.Providers.Add<BrotliCompressionProvider>();
            options.Providers.Add<GzipCompressionProvider>();
        });
        services.AddOpenTelemetry().WithMetrics(metrics => metrics
            .AddMeter("MailPlus", "System.Runtime", "Microsoft.AspNetCore.Hosting")
            .AddPrometheusExporter());
        builder.WebHost.ConfigureKestrel((_, kestrel) =>
        {
            kestrel.AddServerHeader = false;
            // Asked at each handshake, so an uploaded certificate serves at once.
            kestrel.ConfigureHttpsDefaults(https => https.ServerCertificateSelector = (_, host) => engine.Certificates.CertificateFor(host));
            var listeners = kestrel.ApplicationServices.GetRequiredService<WebListeners>();
            listeners.Open();
            kestrel.Configure(listeners.Configuration, reloadOnChange: true);
        });
    }

    /// <summary>Lays the middleware and the routes.</summary>
    public static void UseWeb(this WebApplication app)
    {
        app.Services.GetRequiredService<WebListeners>().Follow(app.Services.GetRequiredService<IServer>());
        app.UseMiddleware<TrustedProxies>();
        app.UseMiddleware<SecurityHeaders>();
        app.UseRequestLocalization(Languages.Options());
        app.UseExceptionHandler("/fault", createScopeForErrors: true);
        app.UseMiddleware<SecureRedirect>();
        app.UseResponseCompression();
        app.UseStaticFiles(new StaticFileOptions
        {
            FileProvider = app.Services.GetRequiredService<BundledAssets>().Files,
            OnPrepareResponse = file => BundledAssets.SetCaching(file.Context),
        });
        app.UseStatusCodePagesWithReExecute("/not-found", createScopeForStatusCodePages: true);
        ApiDoor.UseProblems(app);
        app.UseMiddleware<SetupGate>();
        app.UseAuthentication();
        app.UseAuthorization();
        app.UseAntiforgery();
        app.MapStaticAssets();
        SessionEndpoints.Map(app);
        MonitoringEndpoints.Map(app);
        MailWiring.Map(app);
        LogExport.Map(app);
        LicenceExport.Map(app);
        CertificateEndpoints.Map(app);
        AcmeEndpoints.Map(app);
        ClientSetupEndpoints.Map(app);
        ApiDoor.Map(app);
        app.MapRazorComponents<App>().AddInteractiveServerRenderMode();
    }

    // Operations one by one: a page names what it uses, never the whole engine.
    private static void AddEngine(IServiceCollection services, EngineWiring engine)
    {
        services.AddSingleton(engine.Run);
        services.AddSingleton(engine.Settings);
        services.AddSingleton(engine.Catalog);
        services.AddSingleton(engine.SettingsOperations);
        services.AddSingleton(engine.Rules);
        services.AddSingleton(engine.LocalNetworks);
        services.AddSingleton(engine.Accounts);
        services.AddSingleton(engine.Activation);
        services.AddSingleton(engine.Groups);
        services.AddSingleton(engine.UserPolicies);
        services.AddSingleton(engine.AppPasswords);
        services.AddSingleton(engine.Usage);
        services.AddSingleton(engine.Scripts);
        services.AddSingleton(engine.Licences);
        services.AddSingleton(engine.Domains);
        services.AddSingleton(engine.Aliases);
        services.AddSingleton(engine.Dkim);
        services.AddSingleton(engine.Bcc);
        services.AddSingleton(engine.Disclaimers);
        services.AddSingleton(engine.Dns);
        services.AddSingleton(engine.AddressBook);
        services.AddSingleton(engine.Authenticator);
        services.AddSingleton(engine.SignInLocks);
        services.AddSingleton(engine.WebSessions);
        services.AddSingleton(engine.Setup);
        services.AddSingleton(engine.Certificates);
        services.AddSingleton(engine.Acme);
        services.AddSingleton(engine.Store);
        services.AddSingleton(engine.Acceptance);
        services.AddSingleton(engine.Queue);
        services.AddSingleton(engine.Events);
        services.AddSingleton(engine.MailLog);
        services.AddSingleton(engine.AdminLog);
        services.AddSingleton(engine.Dashboard);
        services.AddSingleton(engine.Host);
        services.AddSingleton(engine.Server);
        services.AddSingleton(TimeProvider.System);
    }
}
