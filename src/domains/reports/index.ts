export { readClientStory } from './client-story.ts';
export { createReports, type Reports, type ReportsOptions } from './create-reports.ts';
export { type ReportsRoutesOptions, registerReportsRoutes } from './http.ts';
export { readNewestOfStory, readPipeline, readStory } from './store-stories.ts';
export { eventKey, type PipelineEvent, type StoryEvent, type StoryPosition } from './story.ts';
