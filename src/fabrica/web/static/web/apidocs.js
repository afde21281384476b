/* Starts Swagger UI from data attributes: the page has no inline script. */
"use strict";
const place = document.getElementById("swagger-ui");
const { settings, csrfToken } = place.dataset;
SwaggerUIBundle({
  ...JSON.parse(settings),
  domNode: place,
  validatorUrl: null,
  presets: [SwaggerUIBundle.presets.apis, SwaggerUIBundle.SwaggerUIStandalonePreset],
  requestInterceptor(request) {
    const own = new URL(request.url, location.href).origin === location.origin;
    if (csrfToken && own) request.headers["X-CSRFToken"] = csrfToken;
    return request;
  },
});
