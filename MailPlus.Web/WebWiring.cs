using System.Security.Cryptography.X509Certificates;
using MailPlus.Engine.Settings;
using MailPlus.Web.Layout;
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

    /// <summary>Registers the services of console, webmail and REST.</summary>
    public static void AddWeb(this WebApplicationBuilder builder, RunOptions run)
    {
        var services = builder.Services;
        services.AddSingleton<BundledAssets>();
        services.AddSingleton<WebListeners>();
        services.AddScoped<SignedInActor>();
        services.AddSingleton<RefusalTexts>();
        services.AddLocalization();
        services.AddHttpContextAccessor();
        services.AddAntiforgery(options =>
        {
            options.Cookie.Name = "mp-form";
            options.Cookie.SecurePolicy = CookieSecurePolicy.SameAsRequest;
            options.SuppressXFrameOptionsHeader = true; // frame-ancestors says it
        });
        services.AddDataProtection().SetApplicationName("MailPlus")
            .PersistKeysToFileSystem(Directory.CreateDirectory(Path.Combine(run.DataFolder, "web", "keys")));
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
            var certificates = kestrel.ApplicationServices.GetService<Func<string?, X509Certificate2?>>();
            kestrel.ConfigureHttpsDefaults(https => https.ServerCertificateSelector = (_, host) => certificates?.Invoke(host));
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
        app.UseMiddleware<SetupGate>();
        app.UseAuthentication();
        app.UseAuthorization();
        app.UseAntiforgery();
        app.MapStaticAssets();
        SessionEndpoints.Map(app);
        MonitoringEndpoints.Map(app);
        app.MapRazorComponents<App>().AddInteractiveServerRenderMode();
    }
}
